// Bundles the third-party scripts of the pages into ../static/built: `npm ci`, then `node build.mjs`.
//
// The dependencies of package.json and their purposes:
//   @zazuko/yasgui    the query editor and its tables of results, with completion and syntax checks
//   vega, vega-lite   draw the charts and maps; the server draws the same specifications with vl-convert
//   vega-embed        renders a specification in one call, with tooltips
//   vega-interpreter  evaluates Vega's expressions without eval, which the pages' policy forbids
//   world-atlas       the outlines of countries for the maps (Natural Earth, public domain)
//   esbuild           bundles and minifies each of them into one file

import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = new URL("./", import.meta.url);
const BUILT = new URL("../static/built/", import.meta.url);
const RULE = "\n" + "-".repeat(80) + "\n\n";

/** The packages that may be in the bundles, from the lock file: all but development dependencies. */
async function bundledPackages() {
  const lock = JSON.parse(await readFile(new URL("package-lock.json", HERE)));
  return Object.entries(lock.packages).filter(([path, about]) => path && !about.dev);
}

/** The text of a package's licence files; without any, the fields of its package.json. */
async function licence([path, about]) {
  const folder = new URL(`${path}/`, HERE);
  const { name, author, homepage } = JSON.parse(await readFile(new URL("package.json", folder)));
  const names = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(names.map((file) => readFile(new URL(file, folder), "utf8")));
  const holder = author?.name ?? author ?? "its contributors";
  const text = texts.length ? texts.join("\n") : `Copyright ${holder}. The terms of this licence stand elsewhere in this file.`;
  return `${name} ${about.version} (${about.license ?? "see below"})\n${homepage ?? ""}\n\n${text.trim()}\n`;
}

await rm(BUILT, { recursive: true, force: true });
await mkdir(BUILT);
await build({
  absWorkingDir: fileURLToPath(HERE),
  entryPoints: ["vega.js", "yasgui.js", "yasgui.css"],
  outdir: fileURLToPath(BUILT),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none", // LICENSES.txt has them
  logLevel: "warning",
});
await copyFile(new URL("node_modules/world-atlas/countries-110m.json", HERE), new URL("world.json", BUILT));
const packages = (await bundledPackages()).filter(([path]) => existsSync(new URL(path, HERE)));
await writeFile(new URL("LICENSES.txt", BUILT), (await Promise.all(packages.map(licence))).join(RULE));

for (const file of (await readdir(BUILT)).sort()) {
  const url = new URL(file, BUILT);
  const compressed = gzipSync(await readFile(url)).length;
  console.log(`${file}: ${Math.ceil((await stat(url)).size / 1000)} kB, compressed ${Math.ceil(compressed / 1000)} kB`);
}
