// The thumbnail strip: one button for each tile of a sprite picture, which shows where in the footage one is and
// jumps there. It is one stop of the Tab key; the arrow keys move inside it.

const SHOWN_WIDTH = 112;

export function buildStrip(strip, video, seek, position) {
  const times = JSON.parse(strip.dataset.times);
  if (times.length === 0) return;
  const tiles = times.map((at, index) => tile(strip.dataset, at, index, times.length, position));
  tiles.forEach((button, index) => button.addEventListener("click", () => seek(times[index])));
  strip.append(...tiles);
  strip.hidden = false;
  strip.addEventListener("keydown", (event) => moveFocus(event, tiles));
  const show = () => showCurrent(tiles, times, video.currentTime);
  video.addEventListener("timeupdate", show);
  video.addEventListener("seeked", show);
  focusable(tiles, tiles[0]);
  show();
}

function tile({ sprite, columns, tileWidth, tileHeight }, at, index, count, position) {
  const across = Number(columns);
  const height = Math.round((SHOWN_WIDTH * Number(tileHeight)) / Number(tileWidth));
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tabard-player__thumbnail";
  button.setAttribute("aria-label", `Go to ${position(at)}`);
  Object.assign(button.style, {
    width: `${SHOWN_WIDTH + 4}px`,
    height: `${height + 4}px`,
    backgroundImage: `url("${encodeURI(decodeURI(sprite))}")`,
    backgroundSize: `${across * SHOWN_WIDTH}px ${Math.ceil(count / across) * height}px`,
    backgroundPosition: `-${(index % across) * SHOWN_WIDTH}px -${Math.floor(index / across) * height}px`,
  });
  const label = document.createElement("span");
  label.textContent = position(at);
  button.append(label);
  return button;
}

function focusable(tiles, chosen) {
  for (const button of tiles) button.tabIndex = button === chosen ? 0 : -1;
}

function moveFocus(event, tiles) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -tiles.length, End: tiles.length };
  const from = tiles.indexOf(event.target);
  if (!(event.key in steps) || from < 0) return;
  event.preventDefault();
  const to = tiles[Math.min(Math.max(from + steps[event.key], 0), tiles.length - 1)];
  focusable(tiles, to);
  to.focus();
}

function showCurrent(tiles, times, now) {
  const current = Math.max(times.findLastIndex((at) => at <= now + 0.001), 0);
  if (tiles[current].hasAttribute("aria-current")) return;
  for (const button of tiles) button.removeAttribute("aria-current");
  tiles[current].setAttribute("aria-current", "true");
  // Only the strip scrolls; scrollIntoView would move the page under the reader.
  const strip = tiles[current].parentElement;
  strip.scrollTo({ left: tiles[current].offsetLeft - strip.clientWidth / 2, behavior: "smooth" });
}
