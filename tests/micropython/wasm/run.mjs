// Runs a program in MicroPython for WebAssembly, which has no files of this computer: they are copied into its own.
//
//   node run.mjs NODE_MODULES PACKAGE PROGRAM [ARGUMENT ...]
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, pack, program, ...argv] = process.argv.slice(2);
const entry = join(resolve(modules), "@micropython/micropython-webassembly-pyscript/micropython.mjs");
const { loadMicroPython } = await import(pathToFileURL(entry));
const micropython = await loadMicroPython({
  heapsize: 1024 * 1024,
  stdout: (line) => console.log(line),
  linebuffer: true,
});

function copy(from, to) {
  micropython.FS.mkdirTree(to);
  for (const name of readdirSync(from)) {
    const path = join(from, name);
    if (statSync(path).isFile()) micropython.FS.writeFile(`${to}/${name}`, readFileSync(path));
  }
}

copy(pack, `/package/${basename(pack)}`);
copy(".", "/files");
micropython.FS.chdir("/files");
micropython.runPython(
  `import sys\nsys.path.append("/package")\nsys.argv[:] = ${JSON.stringify([basename(program), ...argv])}`,
);
micropython.runPython(readFileSync(program, "utf8"));
