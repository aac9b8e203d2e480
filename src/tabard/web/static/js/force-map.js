// How far is each borough? London's boroughs, coloured by the part of their cameras that was issued.
// Without scripts or WebGL the table below says the same; the map stays hidden.

const UNKNOWN = "#e6eaf1";
const NAVY = "#0b1d3a";
const LONDON = [[-0.52, 51.28], [0.34, 51.7]];

export function colourOf(percent, steps) {
  if (percent === null || percent === undefined) return UNKNOWN;
  return steps.reduce((found, step) => (percent >= step.percent ? step.colour : found), UNKNOWN);
}

function hasWebGl() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

async function fetchJson(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

function coloured(boroughs, progress, steps) {
  const features = boroughs.features.map((feature, place) => {
    const known = progress[feature.id];
    const words = known ? known.words : "not in the plan";
    return {
      ...feature,
      id: place,
      properties: { name: feature.id, colour: colourOf(known?.percent, steps), words, url: known?.url ?? "" },
    };
  });
  return { ...boroughs, features };
}

function style(boroughs) {
  return {
    version: 8,
    sources: { boroughs: { type: "geojson", data: boroughs } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#f7f8fb" } },
      { id: "boroughs", type: "fill", source: "boroughs", paint: { "fill-color": ["get", "colour"] } },
      { id: "borders", type: "line", source: "boroughs", paint: { "line-color": NAVY, "line-width": 0.8 } },
    ],
  };
}

function showKey(key) {
  for (const item of key.children) {
    const swatch = document.createElement("span");
    swatch.className = "tabard-map__swatch";
    swatch.style.backgroundColor = item.dataset.colour ?? UNKNOWN;
    item.prepend(swatch);
  }
  key.hidden = false;
}

function speak(map, said) {
  map.on("mousemove", "boroughs", ({ features: [borough] }) => {
    const { name, words, url } = borough.properties;
    said.textContent = `${name}: ${words}`;
    map.getCanvas().style.cursor = url ? "pointer" : "";
  });
  map.on("click", "boroughs", ({ features: [borough] }) => {
    if (borough.properties.url) window.location.assign(borough.properties.url);
  });
}

async function enhance(root) {
  const [canvas, said, key] = ["canvas", "said", "key"].map((part) => root.querySelector(`[data-map-${part}]`));
  const { boroughsUrl, progressUrl, libraryUrl } = root.dataset;
  const steps = [...key.querySelectorAll("[data-percent]")].map(({ dataset }) => ({
    percent: Number(dataset.percent),
    colour: dataset.colour,
  }));
  try {
    const [library, boroughs, progress] = await Promise.all([
      import(libraryUrl), fetchJson(boroughsUrl), fetchJson(progressUrl),
    ]);
    canvas.hidden = false;
    const map = new library.Map({
      container: canvas,
      style: style(coloured(boroughs, progress, steps)),
      bounds: LONDON,
      fitBoundsOptions: { padding: 8 },
      attributionControl: false,
      cooperativeGestures: true,
    });
    map.addControl(new library.NavigationControl({ showCompass: false }));
    map.getCanvas().setAttribute("aria-label", "Map of the boroughs by progress; the same is in the table below");
    speak(map, said);
    said.hidden = false;
    showKey(key);
    map.once("idle", () => { root.dataset.drawn = "yes"; });
  } catch (error) {
    canvas.hidden = true;
    console.warn("The map cannot be drawn; the table of boroughs stays.", error);
  }
}

if (hasWebGl()) for (const root of document.querySelectorAll("[data-force-map]")) enhance(root);
