// The demo page: WHIP to publish, WHEP to watch each of the others, figures from getStats().
const kSeconds = 60;
const kLayers = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
const element = (id) => document.getElementById(id);
const say = (text) => { element("state").textContent = text; };

/** One HTTP session: the offer goes out as it is, Penstock has no candidates of ours to wait for. */
class Session {
  constructor() { this.connection = new RTCPeerConnection(); this.location = null; }

  get endpoint() { return this.location ? this.location.pathname.split("/").pop() : null; }

  async open(url) {
    await this.connection.setLocalDescription();
    const answer = await fetch(url, {
      method: "POST", headers: { "Content-Type": "application/sdp" }, body: this.connection.localDescription.sdp,
    });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    this.location = new URL(answer.headers.get("Location"), answer.url);
    await this.connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  }

  close() {
    this.connection.close();
    if (this.location) fetch(this.location, { method: "DELETE", keepalive: true }).catch(() => {});
    this.location = null;
  }
}

/** A picture, its figures, and their last minute as a drawing. */
class Tile {
  constructor(name) {
    this.root = element("tile").content.firstElementChild.cloneNode(true);
    this.video = this.root.querySelector("video");
    this.figures = this.root.querySelector(".figures");
    this.layer = this.root.querySelector(".layer");
    this.canvas = this.root.querySelector("canvas");
    this.root.querySelector(".name").textContent = name;
    this.history = [];
    this.before = null;
    element("tiles").append(this.root);
  }

  /** `now`: totals so far; `text`: what else there is to say. */
  update(now, text) {
    const before = this.before ?? now;
    const seconds = (now.at - before.at) / 1000;
    this.before = now;
    if (seconds <= 0) return;
    this.history.push({
      rate: ((now.bytes - before.bytes) * 8) / seconds,
      lost: Math.max(0, now.lost - before.lost),
      froze: now.freezes > before.freezes,
    });
    this.history.splice(0, this.history.length - kSeconds);
    const kbit = Math.round(this.history.at(-1).rate / 1000);
    this.figures.textContent = `${text} ${kbit} kbit/s, ${now.lost} lost, ${now.freezes} freezes`;
    this.draw();
  }

  draw() {
    const { width, height } = this.canvas;
    const style = getComputedStyle(document.documentElement);
    const pen = this.canvas.getContext("2d");
    const most = Math.max(100_000, ...this.history.map((h) => h.rate));
    const step = width / kSeconds;
    pen.clearRect(0, 0, width, height);
    this.history.forEach((h, i) => {
      const x = i * step;
      if (h.froze) {
        pen.fillStyle = style.getPropertyValue("--freeze");
        pen.fillRect(x, 0, step, height);
      }
      pen.fillStyle = style.getPropertyValue("--rate");
      const bar = (h.rate / most) * (height - 4);
      pen.fillRect(x, height - bar, step - 1, bar);
      pen.fillStyle = style.getPropertyValue("--loss");
      pen.fillRect(x, 0, step - 1, Math.min(h.lost, height / 2));
    });
  }

  remove() { this.root.remove(); }
}

/** Sums what getStats() says of the streams that go one way. */
async function totals(connection, type) {
  const sum = { at: performance.now(), bytes: 0, lost: 0, freezes: 0, width: 0, height: 0, rate: 0 };
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "remote-inbound-rtp" && type === "outbound-rtp") sum.lost += report.packetsLost ?? 0;
    if (report.type !== type) continue;
    sum.bytes += report.bytesReceived ?? report.bytesSent ?? 0;
    if (type === "inbound-rtp") sum.lost += Math.max(0, report.packetsLost ?? 0);
    sum.freezes += report.freezeCount ?? 0;
    if (report.kind !== "video" || (report.frameWidth ?? 0) < sum.width) continue;
    sum.width = report.frameWidth ?? 0;
    sum.height = report.frameHeight ?? 0;
    sum.rate = report.framesPerSecond ?? 0;
  }
  return sum;
}
const size = (sum) => `${sum.width}×${sum.height}@${Math.round(sum.rate)}`;

/** What we publish. */
class Publisher extends Session {
  async start(room) {
    const media = await navigator.mediaDevices.getUserMedia({
      audio: true, video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    });
    this.tile = new Tile("you");
    this.tile.layer.remove();
    this.tile.video.muted = true;
    this.tile.video.srcObject = media;
    this.connection.addTransceiver(media.getAudioTracks()[0], { direction: "sendonly", streams: [media] });
    const video = this.connection.addTransceiver(media.getVideoTracks()[0], {
      direction: "sendonly", streams: [media], sendEncodings: kLayers,
    });
    // A browser that puts another codec first would have it refused, and send nothing.
    const codecs = RTCRtpSender.getCapabilities("video").codecs.filter((c) => /VP8|rtx/i.test(c.mimeType));
    video.setCodecPreferences(codecs);
    this.media = media;
    await this.open(`/whip/${room}`);
  }

  async look() {
    const sum = await totals(this.connection, "outbound-rtp");
    this.tile.update(sum, size(sum));
  }

  close() {
    super.close();
    this.media?.getTracks().forEach((track) => track.stop());
    this.tile?.remove();
  }
}

/** One of the others. */
class Viewer extends Session {
  async start(room, publisher) {
    this.tile = new Tile(publisher.slice(-6));
    const stream = new MediaStream();
    this.tile.video.srcObject = stream;
    this.connection.ontrack = (event) => stream.addTrack(event.track);
    this.connection.addTransceiver("audio", { direction: "recvonly" });
    this.connection.addTransceiver("video", { direction: "recvonly" });
    this.tile.layer.onchange = () => this.choose(room, this.tile.layer.value);
    await this.open(`/whep/${room}?endpoint=${encodeURIComponent(publisher)}`);
  }

  async choose(room, layer) {
    await fetch(`/demo/${room}/${this.endpoint}`, {
      method: "PATCH", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ max_spatial_layer: layer === "" ? null : Number(layer) }),
    });
  }

  async look() {
    const sum = await totals(this.connection, "inbound-rtp");
    this.tile.update(sum, size(sum));
  }

  close() {
    super.close();
    this.tile.remove();
  }
}

let room = null;
let publisher = null;
const viewers = new Map();

/** Joins those who came, and forgets those who left. */
async function follow() {
  const joined = room;
  const publishers = await (await fetch(`/demo/${joined}`)).json();
  if (joined !== room) return;
  const others = publishers.map((p) => p.endpoint).filter((id) => id !== publisher?.endpoint);
  for (const [id, viewer] of viewers) {
    if (others.includes(id)) continue;
    viewer.close();
    viewers.delete(id);
  }
  for (const id of others) {
    if (viewers.has(id)) continue;
    const viewer = new Viewer();
    viewers.set(id, viewer);
    viewer.start(joined, id).catch((error) => { say(error.message); viewer.close(); viewers.delete(id); });
  }
  say(`In room ${joined}: ${others.length} other${others.length === 1 ? "" : "s"} publishing.`);
}

async function tick() {
  if (room) {
    await follow().catch((error) => say(error.message));
    for (const session of [publisher, ...viewers.values()]) if (session?.location) await session.look();
  }
  setTimeout(tick, 1000);
}

async function join(withCamera) {
  leave();
  const chosen = element("room").value;
  location.hash = chosen;
  say("Joining…");
  try {
    if (withCamera) {
      publisher = new Publisher();
      await publisher.start(chosen);
    }
    room = chosen;
    element("leave").disabled = false;
  } catch (error) {
    leave();
    say(error.message);
  }
}

function leave() {
  room = null;
  publisher?.close();
  publisher = null;
  viewers.forEach((viewer) => viewer.close());
  viewers.clear();
  element("leave").disabled = true;
  say("Not in a room.");
}

element("room").value = decodeURIComponent(location.hash.slice(1)) || "lobby";
element("join").onsubmit = (event) => { event.preventDefault(); join(true); };
element("watch").onclick = () => { if (element("join").reportValidity()) join(false); };
element("leave").onclick = leave;
addEventListener("pagehide", leave);
tick();
