// Makes `<video controls>` a tool for reviewing: keys, frame steps, the real time of what is shown, a thumbnail
// strip to jump by, and marks that fill a clip form. Without this module the browser's own controls remain.
//
// Keys work only while the player has focus, so that they cannot surprise someone who is typing or dictating.

import { buildStrip } from "./player-strip.js";

const KEYS = {
  " ": "toggle", k: "toggle", j: "back", l: "forward", ",": "previous", ".": "next", m: "mute", i: "markIn", o: "markOut",
};
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});

export function position(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

function actions(root, video) {
  const frame = 1 / Number(root.dataset.frameRate || 25);
  const seek = (to) => { video.currentTime = Math.min(Math.max(to, 0), video.duration || to); };
  const step = (by) => { video.pause(); seek(video.currentTime + by); };
  return {
    toggle: () => (video.paused ? video.play() : video.pause()),
    back: () => seek(video.currentTime - 10),
    forward: () => seek(video.currentTime + 10),
    previous: () => step(-frame),
    next: () => step(frame),
    mute: () => { video.muted = !video.muted; },
    markIn: () => mark(root.dataset.startInput, video.currentTime),
    markOut: () => mark(root.dataset.endInput, video.currentTime),
    seek,
  };
}

function mark(inputId, seconds) {
  const input = inputId && document.getElementById(inputId);
  if (!input) return;
  input.value = seconds.toFixed(2);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function showTime(root, video) {
  const time = root.querySelector("[data-player-time]");
  const place = root.querySelector("[data-player-position]");
  const startedAt = root.dataset.startedAt ? Date.parse(root.dataset.startedAt) : null;
  if (startedAt !== null) time.textContent = CLOCK.format(startedAt + video.currentTime * 1000);
  const hundredths = String(Math.floor((video.currentTime % 1) * 100)).padStart(2, "0");
  const length = Number.isFinite(video.duration) ? position(video.duration) : "--:--";
  place.textContent = `${position(video.currentTime)}.${hundredths} of ${length}`;
}

function onKey(event, root, act) {
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const pressesControl = event.key === " " && event.target.closest("button, select");
  if (!name || pressesControl || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act[name]();
}

function enhance(root) {
  const video = root.querySelector("video");
  const act = actions(root, video);
  const show = () => showTime(root, video);
  const label = () => { root.querySelector('[data-player-do="toggle"]').textContent = video.paused ? "Play" : "Pause"; };
  for (const name of ["timeupdate", "seeking", "seeked", "loadedmetadata", "durationchange"]) video.addEventListener(name, show);
  for (const name of ["play", "pause", "ended"]) video.addEventListener(name, label);
  for (const button of root.querySelectorAll("[data-player-do]")) {
    button.addEventListener("click", () => act[button.dataset.playerDo]());
  }
  root.querySelector("[data-player-speed]").addEventListener("change", (event) => {
    video.playbackRate = Number(event.target.value);
  });
  root.addEventListener("keydown", (event) => onKey(event, root, act), { capture: true });
  const strip = root.querySelector("[data-player-strip]");
  if (strip) buildStrip(strip, video, act.seek, position);
  root.querySelector("[data-player-bar]").hidden = false;
  show();
}

for (const root of document.querySelectorAll("[data-player]")) enhance(root);
