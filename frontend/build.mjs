// Builds everything the pages load from npm packages into src/tabard/web/static/vendor/.
//
// What comes out is served by Tabard itself under `default-src 'self'`: no inline code, no data: URLs, no
// source map comments (Django's manifest storage would look for the maps), and every picture a style names.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";
import * as sass from "sass";
import { feature } from "topojson-client";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const modules = path.join(root, "node_modules");
const out = path.join(root, "src/tabard/web/static/vendor");
const pictureFolders = ["@ministryofjustice/frontend/moj/assets", "govuk-frontend/dist/govuk/assets"];
const shipped = ["govuk-frontend", "@ministryofjustice/frontend", "htmx.org", "maplibre-gl"];

async function buildStyles() {
  const { css } = await sass.compileAsync(path.join(root, "frontend/styles/tabard.scss"), {
    style: "compressed",
    loadPaths: [root, modules],
    quietDeps: true,
    logger: { warn: warnOfOurStyles },
  });
  await writeFile(path.join(out, "tabard.css"), css);
  await copyNamedPictures(css);
}

// MoJ Frontend still calls a mixin that GOV.UK Frontend deprecates, and leaves no setting to say that it is known.
function warnOfOurStyles(message, { span }) {
  if (!message.includes("`govuk-text-colour` mixin is deprecated")) console.warn(message, span?.url?.href ?? "");
}

async function copyNamedPictures(css) {
  const names = new Set([...css.matchAll(/url\("?(assets\/[^")]+)"?\)/g)].map((found) => found[1]));
  for (const name of names) await copyFirstFound(name);
}

async function copyFirstFound(name) {
  for (const folder of pictureFolders) {
    const source = path.join(modules, folder, "..", name);
    try {
      await cp(source, path.join(out, name));
      return;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  throw new Error(`A style names ${name}, which no package holds`);
}

async function buildPageModule() {
  await esbuild.build({
    entryPoints: [path.join(root, "frontend/page.mjs")],
    outfile: path.join(out, "page.js"),
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    legalComments: "eof",
  });
}

async function copyMap() {
  const dist = path.join(modules, "maplibre-gl/dist");
  for (const name of ["maplibre-gl.mjs", "maplibre-gl-worker.mjs"]) {
    const code = await readFile(path.join(dist, name), "utf8");
    // .js, because not every machine's type table knows .mjs and a browser refuses a module of unknown type.
    const renamed = code.replaceAll("maplibre-gl-worker.mjs", "maplibre-gl-worker.js");
    await writeFile(path.join(out, name.replace(".mjs", ".js")), withoutMapComment(renamed));
  }
  const css = await readFile(path.join(dist, "maplibre-gl.css"), "utf8");
  await writeFile(path.join(out, "maplibre-gl.css"), await withPicturesAsFiles(css));
}

function withoutMapComment(code) {
  return code.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");
}

async function withPicturesAsFiles(css) {
  const pictures = new Map();
  const rewritten = css.replaceAll(/url\((["']?)data:image\/svg\+xml[^,]*,(.*?)\1\)/g, (_whole, _quote, data) => {
    if (!pictures.has(data)) pictures.set(data, `assets/map/${pictures.size + 1}.svg`);
    return `url("${pictures.get(data)}")`;
  });
  if (rewritten.includes("data:")) throw new Error("The map's style still holds a data: URL");
  await mkdir(path.join(out, "assets/map"), { recursive: true });
  for (const [data, name] of pictures) await writeFile(path.join(out, name), decodeURIComponent(data));
  return rewritten;
}

async function writeBoroughs() {
  const topology = JSON.parse(await readFile(path.join(modules, "vega-datasets/data/londonBoroughs.json"), "utf8"));
  const outlines = feature(topology, topology.objects.boroughs);
  const rounded = JSON.stringify(outlines, (_key, value) =>
    typeof value === "number" ? Math.round(value * 1e5) / 1e5 : value,
  );
  await writeFile(path.join(out, "london-boroughs.geojson"), rounded);
}

async function writeLicences() {
  const texts = [
    "Borough outlines: contains National Statistics and Ordnance Survey data, Crown copyright and database right,\n" +
      "under the Open Government Licence v3.0, as prepared by the vega-datasets project.",
  ];
  for (const name of shipped) {
    const { version, license } = JSON.parse(await readFile(path.join(modules, name, "package.json"), "utf8"));
    texts.push(`${name} ${version} (${license})\n\n${await licenceText(path.join(modules, name))}`);
  }
  await writeFile(path.join(out, "LICENCES.txt"), texts.join("\n\n----\n\n"));
}

async function licenceText(folder) {
  for (const name of ["LICENSE", "LICENSE.txt", "LICENSE.md"]) {
    try {
      return await readFile(path.join(folder, name), "utf8");
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return "The package holds no licence text beside the identifier above.";
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([buildStyles(), buildPageModule(), copyMap(), writeBoroughs(), writeLicences()]);
