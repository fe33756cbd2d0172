'use strict';
// One participant: publishes or plays over WHIP and WHEP, or lets the test's own signaling server connect it.
// Nothing is drawn: what was decoded, and how smoothly, is in getStats().

let connection;
let session;  // URL of the WHIP or WHEP resource
const sinks = [];  // media elements keep remote tracks decoding and playing

const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));

function connect() {
  connection = new RTCPeerConnection();
  connection.ontrack = event => {
    const sink = document.createElement(event.track.kind);
    sink.volume = 0.1;
    sink.srcObject = new MediaStream([event.track]);
    sink.play();
    sinks.push(sink);
  };
}

// Sends the fake camera (a moving figure and a clock) and its beeps. `encodings`: as RTCRtpSender takes them.
async function addSources({ width, height, frameRate, encodings }) {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height, frameRate } });
  const [audio] = media.getAudioTracks(), [video] = media.getVideoTracks();
  connection.addTransceiver(audio, { direction: 'sendonly', streams: [media] });
  const sender = connection.addTransceiver(video, { direction: 'sendonly', streams: [media], sendEncodings: encodings });
  const { codecs } = RTCRtpSender.getCapabilities('video');
  sender.setCodecPreferences(codecs.filter(codec => /vp8|rtx/i.test(codec.mimeType)));
}

async function connected() {
  while (connection.connectionState !== 'connected') {
    if (connection.connectionState === 'failed') throw new Error('the connection failed');
    await sleep(5);
  }
}

// Only the candidates of one address family are told to the browser; 0: all.
function ofFamily(description, family) {
  if (!family) return description;
  const is = line => !line.startsWith('a=candidate:') || line.split(' ')[4].includes(':') === (family === 6);
  return description.split('\r\n').filter(is).join('\r\n');
}

// One POST (RFC 9725 section 4.2). ICE on the other side is lite: it needs none of our candidates.
async function post(url, family, token) {
  await connection.setLocalDescription();
  const headers = { 'Content-Type': 'application/sdp', ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: connection.localDescription.sdp });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`${url}: ${response.status} ${body}`);
  session = new URL(response.headers.get('Location'), url).href;
  await connection.setRemoteDescription({ type: 'answer', sdp: ofFamily(body, family) });
  await connected();
  return session;
}

async function publish(url, sources, { family = 0, token } = {}) {
  connect();
  await addSources(sources);
  return post(url, family, token);
}

async function watch(url, { family = 0, token } = {}) {
  connect();
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  return post(url, family, token);
}

async function hangUp() {
  connection.close();
  if (session) await fetch(session, { method: 'DELETE' });
}

// The offer of a participant that publishes one audio and one video track (null: nothing) and has room for `others`
// remote ones.
async function offer(sources, others) {
  connect();
  if (sources) await addSources(sources);
  for (let remote = 0; remote < others; ++remote) {
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.addTransceiver('video', { direction: 'recvonly' });
  }
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}

async function answer(sdp) {
  await connection.setRemoteDescription({ type: 'answer', sdp });
  await connected();
}

// What getStats() says, flat: `sent` by rid, `received` by mid.
async function report() {
  const result = { state: connection.connectionState, now: performance.now(), sent: {}, received: {} };
  for (const entry of (await connection.getStats()).values()) {
    if (entry.type === 'outbound-rtp') result.sent[entry.rid ?? entry.kind] = entry;
    if (entry.type === 'inbound-rtp') result.received[entry.mid] = entry;
    if (entry.type === 'transport') result.transport = entry;
    if (entry.type === 'candidate-pair' && entry.nominated) result.pair = entry;
    if (entry.type === 'remote-candidate') result.remoteAddress = entry.address;
  }
  return result;
}

async function receivedVideo() {
  const { received } = await report();
  return Object.values(received).filter(entry => entry.kind === 'video');
}

// Waits until every remote picture is `height` high (0: any), or those of `mids`; false when that did not come.
async function untilHeight(height, timeout) {
  for (const end = performance.now() + timeout; performance.now() < end; await sleep(20)) {
    const streams = await receivedVideo();
    if (streams.length && streams.every(({ frameHeight }) => height ? frameHeight === height : frameHeight)) return true;
  }
  return false;
}

// Waits until a frame is decoded that was not yet when this was called.
async function untilNewFrame(timeout) {
  const decoded = async () => (await receivedVideo()).reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  const before = await decoded();
  for (const end = performance.now() + timeout; performance.now() < end; await sleep(20)) {
    if (await decoded() > before) return true;
  }
  return false;
}
