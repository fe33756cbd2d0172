// A signaling server in front of one mediasoup worker: lines of JSON in, a line of JSON out for each.
// Arguments: the address media is received on, and the package's entry file.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [address, entry] = process.argv.slice(2);
const loaded = await import(pathToFileURL(entry));
const mediasoup = loaded.createWorker ? loaded : loaded.default; // a module of either kind, by version
const VIDEO = { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 };
const FEEDBACK = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'ccm', parameter: 'fir' }];
const PAYLOAD_TYPE = 96;
const CODEC = { mimeType: VIDEO.mimeType, clockRate: VIDEO.clockRate, payloadType: PAYLOAD_TYPE, rtcpFeedback: FEEDBACK };

const worker = await mediasoup.createWorker({ logLevel: 'error', rtcMinPort: 20000, rtcMaxPort: 29999 });
worker.on('died', () => process.exit(1));
const rooms = new Map();

// The remote side is as /v1 has it: ice_ufrag, ice_pwd, fingerprints; and so is what is answered.
async function transport(router, remote) {
  const made = await router.createWebRtcTransport({ listenIps: [address], enableUdp: true, enableTcp: false,
    initialAvailableOutgoingBitrate: 1e9 });
  await made.connect({ dtlsParameters: { role: 'client',
    fingerprints: remote.fingerprints.map(({ hash, value }) => ({ algorithm: hash, value })) } });
  const local = {
    ice_ufrag: made.iceParameters.usernameFragment, ice_pwd: made.iceParameters.password, dtls_role: 'passive',
    fingerprints: made.dtlsParameters.fingerprints.map(({ algorithm, value }) => ({ hash: algorithm, value })),
    candidates: made.iceCandidates.map(({ ip, address: host, port }) => ({ address: host ?? ip, port })),
  };
  return { made, local };
}

const commands = {
  pid: async () => ({ pid: worker.pid, version: mediasoup.version }),
  async publish({ room, remote }) {
    const router = await worker.createRouter({ mediaCodecs: [VIDEO] });
    const { made, local } = await transport(router, remote);
    const producer = await made.produce({ kind: 'video', rtpParameters: {
      mid: '0', codecs: [CODEC], headerExtensions: [], encodings: [{ ssrc: remote.ssrc }] } });
    rooms.set(room, { router, producer });
    return { local };
  },
  async subscribe({ room, remote }) {
    const { router, producer } = rooms.get(room);
    const { made, local } = await transport(router, remote);
    await made.consume({ producerId: producer.id, rtpCapabilities: {
      codecs: [{ ...CODEC, kind: 'video', preferredPayloadType: PAYLOAD_TYPE }], headerExtensions: [] } });
    return { local };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...details } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[what](details)));
  } catch (error) {
    console.log(JSON.stringify({ error: `${what}: ${error.message}` }));
  }
}
worker.close();
