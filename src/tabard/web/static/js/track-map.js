// Where did the camera walk? The track on a plain map of London's boroughs, with a dot that follows the video.
// Without WebGL, or when the track cannot be fetched, the table of positions stays open instead.

const NAVY = "#0b1d3a";
const GOLD = "#d9b24c";

export function pointAt(coordinates, offsets, seconds) {
  const after = offsets.findIndex((offset) => offset > seconds);
  if (after === 0) return coordinates[0];
  if (after < 0) return coordinates[coordinates.length - 1];
  const part = (seconds - offsets[after - 1]) / (offsets[after] - offsets[after - 1]);
  return coordinates[after - 1].slice(0, 2).map((from, axis) => from + part * (coordinates[after][axis] - from));
}

function hasWebGl() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function style(boroughs, track, here) {
  return {
    version: 8,
    sources: {
      boroughs: { type: "geojson", data: boroughs },
      track: { type: "geojson", data: track },
      here: { type: "geojson", data: here },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#e6eaf1" } },
      { id: "land", type: "fill", source: "boroughs", paint: { "fill-color": "#f7f8fb" } },
      { id: "borders", type: "line", source: "boroughs", paint: { "line-color": "#9aa7bb", "line-width": 1.2 } },
      {
        id: "track", type: "line", source: "track", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": NAVY, "line-width": 4 },
      },
      {
        id: "here", type: "circle", source: "here",
        paint: { "circle-radius": 8, "circle-color": GOLD, "circle-stroke-color": NAVY, "circle-stroke-width": 3 },
      },
    ],
  };
}

function bounds(coordinates) {
  const [longitudes, latitudes] = [0, 1].map((axis) => coordinates.map((point) => point[axis]));
  return [[Math.min(...longitudes), Math.min(...latitudes)], [Math.max(...longitudes), Math.max(...latitudes)]];
}

const marker = (coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } });

async function fetchJson(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

async function drawMap(root, canvas) {
  const { boroughsUrl, trackUrl, libraryUrl } = root.dataset;
  const [library, boroughs, track] = await Promise.all([import(libraryUrl), fetchJson(boroughsUrl), fetchJson(trackUrl)]);
  const { coordinates } = track.geometry;
  canvas.hidden = false;
  const map = new library.Map({
    container: canvas,
    style: style(boroughs, track, marker(coordinates[0])),
    bounds: bounds(coordinates),
    fitBoundsOptions: { padding: 40, maxZoom: 16 },
    attributionControl: false,
    cooperativeGestures: true,
  });
  map.addControl(new library.NavigationControl({ showCompass: false }));
  map.addControl(new library.ScaleControl({ unit: "metric" }));
  map.getCanvas().setAttribute("aria-label", "Map of the track; the same positions are in the table below");
  follow(map, track, document.querySelector(`#${root.dataset.follows} video`));
}

function follow(map, track, video) {
  if (!video) return;
  const show = () => {
    const at = pointAt(track.geometry.coordinates, track.properties.offsets_s, video.currentTime);
    map.getSource("here")?.setData(marker(at));
  };
  for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, show);
  map.once("load", show);
}

async function enhance(root) {
  const canvas = root.querySelector("[data-map-canvas]");
  try {
    await drawMap(root, canvas);
    root.querySelector("[data-map-table]").open = false;
  } catch (error) {
    canvas.hidden = true;
    console.warn("The map cannot be drawn; the table of positions stays.", error);
  }
}

// The library is large and a map drawn in a hidden tab has no size: both wait until the map is looked at.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    enhance(target);
  }
}, { rootMargin: "200px" });

if (hasWebGl()) for (const root of document.querySelectorAll("[data-track-map]")) seen.observe(root);
