/* texwords - what LaTeX's commands and environments come to in text */
/* SPDX-License-Identifier: MIT */
#include "text/markup/texwords.h"
#include "base/list.h"
#include <string.h>

static const struct tex_word words[] = {
	{ "ss", "\xc3\x9f", 0 }, { "ae", "\xc3\xa6", 0 }, { "AE", "\xc3\x86", 0 }, { "oe", "\xc5\x93", 0 }, { "OE", "\xc5\x92", 0 },
	{ "o", "\xc3\xb8", 0 }, { "O", "\xc3\x98", 0 }, { "l", "\xc5\x82", 0 }, { "L", "\xc5\x81", 0 }, { "aa", "\xc3\xa5", 0 },
	{ "AA", "\xc3\x85", 0 }, { "i", "i", 0 }, { "j", "j", 0 }, { "S", "\xc2\xa7", 0 }, { "P", "\xc2\xb6", 0 }, { "dag", "\xe2\x80\xa0", 0 },
	{ "copyright", "\xc2\xa9", 0 }, { "pounds", "\xc2\xa3", 0 }, { "euro", "\xe2\x82\xac", 0 }, { "textdegree", "\xc2\xb0", 0 },
	{ "dots", "\xe2\x80\xa6", 0 }, { "ldots", "\xe2\x80\xa6", 0 }, { "textellipsis", "\xe2\x80\xa6", 0 }, { "textendash", "\xe2\x80\x93", 0 },
	{ "textemdash", "\xe2\x80\x94", 0 }, { "textquoteleft", "\xe2\x80\x98", 0 }, { "textquoteright", "\xe2\x80\x99", 0 },
	{ "textquotedblleft", "\xe2\x80\x9c", 0 }, { "textquotedblright", "\xe2\x80\x9d", 0 }, { "texttrademark", "\xe2\x84\xa2", 0 },
	{ "textbackslash", "\\", 0 }, { "textasciitilde", "~", 0 }, { "textasciicircum", "^", 0 }, { "textbar", "|", 0 }, { "textless", "<", 0 },
	{ "textgreater", ">", 0 }, { "textunderscore", "_", 0 }, { "LaTeX", "LaTeX", 0 }, { "TeX", "TeX", 0 }, { "LaTeXe", "LaTeX2e", 0 },
	{ "BibTeX", "BibTeX", 0 }, { "quad", " ", 0 }, { "qquad", " ", 0 }, { " ", " ", 0 }, { "\n", " ", 0 }, { ",", " ", 0 }, { ";", " ", 0 },
	{ ":", " ", 0 }, { "space", " ", 0 }, { "and", ", ", 0 }, { "%", "%", 0 }, { "&", "&", 0 }, { "#", "#", 0 }, { "_", "_", 0 }, { "{", "{", 0 }, { "}", "}", 0 },
	{ "$", "$", 0 }, { "label", "", 1 }, { "ref", "", 1 }, { "eqref", "", 1 }, { "pageref", "", 1 }, { "autoref", "", 1 }, { "cref", "", 1 },
	{ "Cref", "", 1 }, { "nameref", "", 1 }, { "parencite", "", 1 }, { "textcite", "", 1 }, { "autocite", "", 1 }, { "nocite", "", 1 },
	{ "bibliography", "", 1 }, { "bibliographystyle", "", 1 }, { "addbibresource", "", 1 }, { "includegraphics", "", 1 }, { "epsfig", "", 1 },
	{ "vspace", "", 1 }, { "hspace", "", 1 }, { "usepackage", "", 1 }, { "RequirePackage", "", 1 }, { "documentclass", "", 1 },
	{ "documentstyle", "", 1 }, { "setlength", "", 2 }, { "addtolength", "", 2 }, { "setcounter", "", 2 }, { "addtocounter", "", 2 },
	{ "numberwithin", "", 2 }, { "pagestyle", "", 1 }, { "thispagestyle", "", 1 }, { "pagenumbering", "", 1 }, { "newenvironment", "", 3 },
	{ "renewenvironment", "", 3 }, { "hypersetup", "", 1 }, { "definecolor", "", 3 }, { "color", "", 1 }, { "textcolor", "", 1 },
	{ "colorbox", "", 1 }, { "href", "", 1 }, { "fontsize", "", 2 }, { "thanks", "", 1 }, { "footnotetext", "", 1 }, { "index", "", 1 },
	{ "rule", "", 2 }, { "raisebox", "", 1 }, { "resizebox", "", 2 }, { "scalebox", "", 1 }, { "rotatebox", "", 1 }, { "parbox", "", 1 },
	{ "cmidrule", "", 1 }, { "cline", "", 1 }, { "multicolumn", "", 2 }, { "multirow", "", 2 }, { "newcounter", "", 1 }, { "newlength", "", 1 },
	{ "newif", "", 1 }, { "email", "", 1 }, { "address", "", 1 }, { "affil", "", 1 }, { "affiliation", "", 1 }, { "institute", "", 1 },
	{ "orcid", "", 1 }, { "orcidlink", "", 1 }, { "graphicspath", "", 1 }, { "special", "", 1 }, { "bibitem", "", 1 }, { "setstretch", "", 1 },
	{ "linespread", "", 1 }, { "theoremstyle", "", 1 }, { "captionsetup", "", 1 }, { "lstset", "", 1 }, { "tikzset", "", 1 },
	{ "usetikzlibrary", "", 1 }, { "pgfplotsset", "", 1 }, { "sisetup", "", 1 }, { "hyphenation", "", 1 }, { "markboth", "", 2 },
	{ "markright", "", 1 }, { "addcontentsline", "", 3 }, { "phantomsection", "", 0 }, { "input", "", 1 }, { "include", "", 1 },
	{ "ensuremath", "", 0 }, { "newcolumntype", "", 2 }, { "titleformat", "", 5 }, { "subfile", "", 1 }, { "pacs", "", 1 }, { "keywords", "", 1 },
	{ "ccsdesc", "", 1 }, { "bibinfo", "", 1 }, { "tnotetext", "", 1 }, { "makeatletter", "", 0 }, { "acmDOI", "", 1 }, { "-", "", 0 },
	{ "vskip", "", -1 }, { "hskip", "", -1 }, { "kern", "", -1 }, { "parindent", "", -1 }, { "parskip", "", -1 }, { "baselineskip", "", -1 },
	{ "textwidth", "", -1 }, { "textheight", "", -1 }, { "hsize", "", -1 }, { "vsize", "", -1 }, { "oddsidemargin", "", -1 }, { "topmargin", "", -1 },
};

const struct tex_word *
tex_word(const char *name)
{
	static const struct tex_word cite = { "cite", "", 1 };
	int i = ROW_OF(words, name, strlen(name));

	if (i >= 0)
		return &words[i];
	return strncmp(name, "cite", 4) == 0 || strncmp(name, "Cite", 4) == 0 ? &cite : NULL;
}

const char *
tex_accent(const char *name)
{
	static const struct { const char *name, *mark; } accents[] = {
		{ "'", "\xcc\x81" }, { "`", "\xcc\x80" }, { "^", "\xcc\x82" }, { "\"", "\xcc\x88" }, { "~", "\xcc\x83" }, { "=", "\xcc\x84" },
		{ ".", "\xcc\x87" }, { "u", "\xcc\x86" }, { "v", "\xcc\x8c" }, { "H", "\xcc\x8b" }, { "c", "\xcc\xa7" }, { "k", "\xcc\xa8" },
		{ "r", "\xcc\x8a" }, { "d", "\xcc\xa3" }, { "b", "\xcc\xb1" },
	};
	int i = ROW_OF(accents, name, strlen(name));

	return i < 0 ? NULL : accents[i].mark;
}

int
tex_section(const char *name)
{
	static const char *const names[] = { "part", "chapter", "section", "subsection", "subsubsection", "paragraph" };

	return ROW_OF(names, name, strlen(name)) + 1;
}

int
tex_environment(const char *name, int *args)
{
	static const struct { const char *name; int what, args; } known[] = {
		{ "equation", ENV_MATH, 0 }, { "align", ENV_MATH, 0 }, { "gather", ENV_MATH, 0 }, { "multline", ENV_MATH, 0 },
		{ "eqnarray", ENV_MATH, 0 }, { "displaymath", ENV_MATH, 0 }, { "math", ENV_MATH, 0 }, { "alignat", ENV_MATH, 0 },
		{ "flalign", ENV_MATH, 0 }, { "dmath", ENV_MATH, 0 }, { "array", ENV_MATH, 0 }, { "comment", ENV_GONE, 0 },
		{ "thebibliography", ENV_GONE, 0 }, { "tikzpicture", ENV_GONE, 0 }, { "pgfpicture", ENV_GONE, 0 }, { "picture", ENV_GONE, 0 },
		{ "CCSXML", ENV_GONE, 0 }, { "filecontents", ENV_GONE, 0 }, { "pspicture", ENV_GONE, 0 }, { "keywords", ENV_GONE, 0 },
		{ "verbatim", ENV_VERBATIM, 0 }, { "Verbatim", ENV_VERBATIM, 0 }, { "lstlisting", ENV_VERBATIM, 0 }, { "alltt", ENV_VERBATIM, 0 },
		{ "minted", ENV_VERBATIM, 1 }, { "itemize", ENV_LIST, 0 }, { "enumerate", ENV_LIST, 0 }, { "description", ENV_LIST, 0 },
		{ "tabular", ENV_TABLE, 1 }, { "tabularx", ENV_TABLE, 2 }, { "tabulary", ENV_TABLE, 2 }, { "longtable", ENV_TABLE, 1 },
		{ "minipage", ENV_TEXT, 1 }, { "wrapfigure", ENV_TEXT, 2 }, { "subfigure", ENV_TEXT, 1 }, { "multicols", ENV_TEXT, 1 },
		{ "adjustbox", ENV_TEXT, 1 }, { "list", ENV_LIST, 2 },
	};
	int i = ROW_OF(known, name, strlen(name));

	*args = i < 0 ? 0 : known[i].args;
	return i < 0 ? ENV_TEXT : known[i].what;
}
