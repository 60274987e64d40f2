// Parses a GDScript file with the grammar of Godot 4 and prints the lines with syntax errors.

import { readFileSync } from "node:fs";
import GDScript from "tree-sitter-gdscript";
import Parser from "tree-sitter";

const parser = new Parser();
parser.setLanguage(GDScript);
const tree = parser.parse(readFileSync(process.argv[2], "utf8"), undefined, { bufferSize: 1 << 20 });
let wrong = 0;
(function walk(node) {
  if (node.isError || node.isMissing) {
    wrong++;
    console.log(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`);
  } else if (node.hasError) {
    node.children.forEach(walk);
  }
})(tree.rootNode);
process.exitCode = wrong ? 1 : 0;
