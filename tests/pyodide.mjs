// Runs a Python program under Pyodide, with the package at hand:
//     node pyodide.mjs FOLDER_OF_PYODIDE FOLDER_WITH_THE_PACKAGE PROGRAM
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, packageFolder, program] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(pyodideFolder, "pyodide.mjs")));
const pyodide = await loadPyodide();

function copied(from, to) {
  pyodide.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory() && entry.name !== "__pycache__") copied(source, target);
    else if (entry.name.endsWith(".py")) pyodide.FS.writeFile(target, fs.readFileSync(source));
  }
}

copied(path.join(packageFolder, "verypoorcnn"), "/home/pyodide/verypoorcnn");
pyodide.runPython(fs.readFileSync(program, "utf8"));
