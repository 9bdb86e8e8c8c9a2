// Gathers the third-party scripts of the pages in ../static/built: `npm ci`, then `node build.mjs`.
//
// What package.json asks for, and why:
//   @zazuko/yasgui    the query editor and its tables of results, with completion and syntax checks
//   vega, vega-lite   draw the charts and maps; the server draws the same specifications with vl-convert
//   vega-embed        one call for all that is needed to show a specification, with tooltips
//   vega-interpreter  evaluates Vega's expressions without eval, which the pages' policy forbids
//   world-atlas       the outlines of countries for the maps (Natural Earth, public domain)
//   esbuild           puts each of them in one small file

import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = new URL("./", import.meta.url);
const BUILT = new URL("../static/built/", import.meta.url);
const RULE = "\n" + "-".repeat(80) + "\n\n";

/** The packages that may be in the bundles, from the lock file: all but those that only build them. */
async function bundledPackages() {
  const lock = JSON.parse(await readFile(new URL("package-lock.json", HERE)));
  return Object.entries(lock.packages).filter(([path, about]) => path && !about.dev);
}

/** The text of a package's licence files; where it has none, what its description says. */
async function licence([path, about]) {
  const folder = new URL(`${path}/`, HERE);
  const { name, author, homepage } = JSON.parse(await readFile(new URL("package.json", folder)));
  const names = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(names.map((file) => readFile(new URL(file, folder), "utf8")));
  const holder = author?.name ?? author ?? "its contributors";
  const told = texts.length ? texts.join("\n") : `Copyright ${holder}. The terms of this licence stand elsewhere in this file.`;
  return `${name} ${about.version} (${about.license ?? "see below"})\n${homepage ?? ""}\n\n${told.trim()}\n`;
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
  const packed = gzipSync(await readFile(url)).length;
  console.log(`${file}: ${Math.ceil((await stat(url)).size / 1000)} kB, compressed ${Math.ceil(packed / 1000)} kB`);
}
