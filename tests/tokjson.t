#!/bin/sh
# tokjson.t: a tokenizer.json written here gives the same ids in @huggingface/tokenizers (npm), on 1,000 strings.
# It runs where LM_HF_TOKENIZERS names a directory whose node_modules has that package.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
n=${LM_HF_TOKENIZERS:-}/node_modules
if ! command -v node >/dev/null || ! [ -d "$n/@huggingface/tokenizers" ]; then
	skip 'the same ids in another implementation' 'no node, or LM_HF_TOKENIZERS names no place of @huggingface/tokenizers'
	done_testing
fi
ln -s "$n" node_modules
# Letters of several scripts, marks, digits, punctuation, blanks; none whose class has changed since Unicode 16, nor
# U+0085 and U+FEFF, which JavaScript counts as blanks in its own way.
cat >strings.mjs <<'END'
const ranges = [[0x20, 0x7e], [0x20, 0x7e], [0x61, 0x7a], [0x61, 0x7a], [0xa0, 0x17f], [0x300, 0x315], [0x391, 0x3a1], [0x410, 0x44f],
	[0x5d0, 0x5ea], [0x627, 0x64a], [0x660, 0x669], [0x905, 0x939], [0x2000, 0x2014], [0x2160, 0x2170], [0x3041, 0x3093], [0x4e00, 0x9fa5],
	[0xac00, 0xd7a3], [0x1f600, 0x1f64f]];
const words = ["the", " of", "'s", "'LL", "I'VE", " don't", "\n", "\r\n", "\n\n  ", "   ", "\t", " 2024", "12345", "//", "...", " été", "e\u0301", "ſ's", "中文"];
let seed = 1;
const below = n => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0, Math.floor(seed / 2 ** 32 * n));
for (let i = 0; i < 1000; i++) {
	let s = "";
	for (let k = below(30) + 1; k; k--) {
		const [a, b] = ranges[below(ranges.length)];
		s += below(2) ? words[below(words.length)] : String.fromCodePoint(a + below(b - a + 1));
	}
	console.log(JSON.stringify({ text: s }));
}
END
cat >check.mjs <<'END'
import fs from "fs";
import { Tokenizer } from "@huggingface/tokenizers";
const read = i => fs.readFileSync(process.argv[i], "utf8");
const tokenizer = new Tokenizer(JSON.parse(read(2)), {});
const ids = read(4).split("\n"), lines = read(3).split("\n").filter(Boolean);
let differ = 0;
lines.forEach((line, i) => {
	const e = tokenizer.encode(JSON.parse(line).text, { add_special_tokens: false }), got = (e.ids ?? e).join(" ");
	if (got !== ids[i] && differ++ < 5)
		console.log(line, got, "|", ids[i]);
});
console.log(lines.length, "strings,", differ, "differ");
process.exit(differ || lines.length != 1000 ? 1 : 0);
END
node strings.mjs >s.jsonl
for p in gpt2 cl100k o200k llama3 qwen2 tekken qwen35; do
	t "--pattern=$p: the same ids" "train-vocab -q --size=1200 --pattern=$p -o v.json s.jsonl && tokenize -w v.json --ids s.jsonl >ids && node check.mjs v.json s.jsonl ids"
done
done_testing
