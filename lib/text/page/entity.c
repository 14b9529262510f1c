/* entity - character references of HTML */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "text/page/html.h"
#include <string.h>

/* Names as of HTML 4 and what else pages use, sorted; code points of one character each. */
static const struct {
	char     name[15];
	uint16_t code;
} names[] = {
	{ "AElig", 198 }, { "AMP", 38 }, { "Aacute", 193 }, { "Abreve", 258 }, { "Acirc", 194 }, { "Agrave", 192 },
	{ "Alpha", 913 }, { "Amacr", 256 }, { "Aogon", 260 }, { "Aring", 197 }, { "Atilde", 195 }, { "Auml", 196 },
	{ "Beta", 914 }, { "COPY", 169 }, { "Cacute", 262 }, { "Ccaron", 268 }, { "Ccedil", 199 }, { "Chi", 935 },
	{ "Dagger", 8225 }, { "Dcaron", 270 }, { "Delta", 916 }, { "Dot", 168 }, { "Dstrok", 272 }, { "ETH", 208 },
	{ "Eacute", 201 }, { "Ecaron", 282 }, { "Ecirc", 202 }, { "Egrave", 200 }, { "Emacr", 274 }, { "Eogon", 280 },
	{ "Epsilon", 917 }, { "Eta", 919 }, { "Euml", 203 }, { "GT", 62 }, { "Gamma", 915 }, { "Gbreve", 286 },
	{ "Iacute", 205 }, { "Icirc", 206 }, { "Idot", 304 }, { "Igrave", 204 }, { "Imacr", 298 }, { "Iota", 921 },
	{ "Iuml", 207 }, { "Kappa", 922 }, { "LT", 60 }, { "Lambda", 923 }, { "Lstrok", 321 }, { "Mu", 924 },
	{ "Nacute", 323 }, { "Ncaron", 327 }, { "NewLine", 10 }, { "NoBreak", 8288 }, { "Ntilde", 209 }, { "Nu", 925 },
	{ "OElig", 338 }, { "Oacute", 211 }, { "Ocirc", 212 }, { "Odblac", 336 }, { "Ograve", 210 }, { "Omacr", 332 },
	{ "Omega", 937 }, { "Omicron", 927 }, { "Oslash", 216 }, { "Otilde", 213 }, { "Ouml", 214 }, { "Phi", 934 },
	{ "Pi", 928 }, { "Prime", 8243 }, { "Psi", 936 }, { "QUOT", 34 }, { "REG", 174 }, { "Rcaron", 344 },
	{ "Rho", 929 }, { "Sacute", 346 }, { "Scaron", 352 }, { "Scedil", 350 }, { "Sigma", 931 }, { "THORN", 222 },
	{ "TRADE", 8482 }, { "Tab", 9 }, { "Tau", 932 }, { "Tcaron", 356 }, { "Tcedil", 354 }, { "Theta", 920 },
	{ "Uacute", 218 }, { "Ucirc", 219 }, { "Udblac", 368 }, { "Ugrave", 217 }, { "Umacr", 362 }, { "Upsilon", 933 },
	{ "Uring", 366 }, { "Uuml", 220 }, { "Xi", 926 }, { "Yacute", 221 }, { "Yuml", 376 }, { "Zacute", 377 },
	{ "Zcaron", 381 }, { "Zdot", 379 }, { "ZeroWidthSpace", 8203 }, { "Zeta", 918 }, { "aacute", 225 },
	{ "abreve", 259 }, { "acirc", 226 }, { "acute", 180 }, { "aelig", 230 }, { "agrave", 224 }, { "alefsym", 8501 },
	{ "alpha", 945 }, { "amacr", 257 }, { "amp", 38 }, { "and", 8743 }, { "ang", 8736 }, { "aogon", 261 },
	{ "apos", 39 }, { "approx", 8776 }, { "aring", 229 }, { "ast", 42 }, { "asymp", 8776 }, { "atilde", 227 },
	{ "auml", 228 }, { "bdquo", 8222 }, { "becaus", 8757 }, { "because", 8757 }, { "beta", 946 },
	{ "bigstar", 9733 }, { "blacksquare", 9642 }, { "block", 9608 }, { "breve", 728 }, { "brvbar", 166 },
	{ "bsol", 92 }, { "bull", 8226 }, { "bullet", 8226 }, { "cacute", 263 }, { "cap", 8745 }, { "caret", 8257 },
	{ "caron", 711 }, { "ccaron", 269 }, { "ccedil", 231 }, { "cedil", 184 }, { "cent", 162 }, { "centerdot", 183 },
	{ "check", 10003 }, { "checkmark", 10003 }, { "chi", 967 }, { "circ", 710 }, { "clubs", 9827 }, { "colon", 58 },
	{ "comma", 44 }, { "commat", 64 }, { "cong", 8773 }, { "copy", 169 }, { "copysr", 8471 }, { "crarr", 8629 },
	{ "cross", 10007 }, { "cup", 8746 }, { "curren", 164 }, { "dArr", 8659 }, { "dagger", 8224 }, { "darr", 8595 },
	{ "dash", 8208 }, { "dcaron", 271 }, { "deg", 176 }, { "delta", 948 }, { "diams", 9830 }, { "die", 168 },
	{ "divide", 247 }, { "dollar", 36 }, { "dot", 729 }, { "downarrow", 8595 }, { "dstrok", 273 }, { "eacute", 233 },
	{ "ecaron", 283 }, { "ecirc", 234 }, { "egrave", 232 }, { "ell", 8467 }, { "emacr", 275 }, { "empty", 8709 },
	{ "emsp", 8195 }, { "emsp13", 8196 }, { "emsp14", 8197 }, { "ensp", 8194 }, { "eogon", 281 }, { "epsilon", 949 },
	{ "equals", 61 }, { "equiv", 8801 }, { "eta", 951 }, { "eth", 240 }, { "euml", 235 }, { "euro", 8364 },
	{ "excl", 33 }, { "exist", 8707 }, { "female", 9792 }, { "flat", 9837 }, { "fnof", 402 }, { "forall", 8704 },
	{ "frac12", 189 }, { "frac13", 8531 }, { "frac14", 188 }, { "frac18", 8539 }, { "frac23", 8532 },
	{ "frac34", 190 }, { "frac38", 8540 }, { "frac58", 8541 }, { "frac78", 8542 }, { "frasl", 8260 },
	{ "gamma", 947 }, { "gbreve", 287 }, { "ge", 8805 }, { "geq", 8805 }, { "grave", 96 }, { "gt", 62 },
	{ "hArr", 8660 }, { "hairsp", 8202 }, { "half", 189 }, { "harr", 8596 }, { "hbar", 8463 }, { "hearts", 9829 },
	{ "hellip", 8230 }, { "horbar", 8213 }, { "hybull", 8259 }, { "hyphen", 8208 }, { "iacute", 237 },
	{ "icirc", 238 }, { "iexcl", 161 }, { "igrave", 236 }, { "imacr", 299 }, { "image", 8465 }, { "imath", 305 },
	{ "infin", 8734 }, { "infintie", 10717 }, { "inodot", 305 }, { "int", 8747 }, { "iota", 953 }, { "iquest", 191 },
	{ "isin", 8712 }, { "iuml", 239 }, { "kappa", 954 }, { "lArr", 8656 }, { "lambda", 955 }, { "lang", 9001 },
	{ "langle", 10216 }, { "laquo", 171 }, { "larr", 8592 }, { "lbrace", 123 }, { "lbrack", 91 }, { "lceil", 8968 },
	{ "lcub", 123 }, { "ldquo", 8220 }, { "ldquor", 8222 }, { "le", 8804 }, { "leftarrow", 8592 }, { "leq", 8804 },
	{ "lfloor", 8970 }, { "lowast", 8727 }, { "lowbar", 95 }, { "loz", 9674 }, { "lpar", 40 }, { "lrm", 8206 },
	{ "lsaquo", 8249 }, { "lsqb", 91 }, { "lsquo", 8216 }, { "lsquor", 8218 }, { "lstrok", 322 }, { "lt", 60 },
	{ "macr", 175 }, { "male", 9794 }, { "mdash", 8212 }, { "micro", 181 }, { "middot", 183 }, { "minus", 8722 },
	{ "mldr", 8230 }, { "mu", 956 }, { "nabla", 8711 }, { "nacute", 324 }, { "natural", 9838 }, { "nbsp", 160 },
	{ "ncaron", 328 }, { "ndash", 8211 }, { "ne", 8800 }, { "ni", 8715 }, { "nldr", 8229 }, { "not", 172 },
	{ "notin", 8713 }, { "nsub", 8836 }, { "ntilde", 241 }, { "nu", 957 }, { "num", 35 }, { "numero", 8470 },
	{ "numsp", 8199 }, { "oacute", 243 }, { "ocirc", 244 }, { "odblac", 337 }, { "oelig", 339 }, { "ograve", 242 },
	{ "oline", 8254 }, { "omacr", 333 }, { "omega", 969 }, { "omicron", 959 }, { "oplus", 8853 }, { "or", 8744 },
	{ "ordf", 170 }, { "ordm", 186 }, { "oslash", 248 }, { "otilde", 245 }, { "otimes", 8855 }, { "ouml", 246 },
	{ "para", 182 }, { "part", 8706 }, { "percnt", 37 }, { "period", 46 }, { "permil", 8240 }, { "perp", 8869 },
	{ "phi", 966 }, { "phone", 9742 }, { "pi", 960 }, { "piv", 982 }, { "plus", 43 }, { "plusmn", 177 },
	{ "pound", 163 }, { "prime", 8242 }, { "prod", 8719 }, { "prop", 8733 }, { "psi", 968 }, { "puncsp", 8200 },
	{ "quest", 63 }, { "quot", 34 }, { "rArr", 8658 }, { "radic", 8730 }, { "rang", 9002 }, { "rangle", 10217 },
	{ "raquo", 187 }, { "rarr", 8594 }, { "rbrace", 125 }, { "rbrack", 93 }, { "rcaron", 345 }, { "rceil", 8969 },
	{ "rcub", 125 }, { "rdquo", 8221 }, { "rdquor", 8221 }, { "real", 8476 }, { "reg", 174 }, { "rfloor", 8971 },
	{ "rho", 961 }, { "rightarrow", 8594 }, { "ring", 730 }, { "rlm", 8207 }, { "rpar", 41 }, { "rsaquo", 8250 },
	{ "rsqb", 93 }, { "rsquo", 8217 }, { "rsquor", 8217 }, { "sacute", 347 }, { "sbquo", 8218 }, { "scaron", 353 },
	{ "scedil", 351 }, { "sdot", 8901 }, { "sect", 167 }, { "semi", 59 }, { "sharp", 9839 }, { "shy", 173 },
	{ "sigma", 963 }, { "sigmaf", 962 }, { "sim", 8764 }, { "sol", 47 }, { "spades", 9824 }, { "squ", 9633 },
	{ "square", 9633 }, { "star", 9734 }, { "starf", 9733 }, { "sub", 8834 }, { "sube", 8838 }, { "sum", 8721 },
	{ "sung", 9834 }, { "sup", 8835 }, { "sup1", 185 }, { "sup2", 178 }, { "sup3", 179 }, { "supe", 8839 },
	{ "szlig", 223 }, { "tau", 964 }, { "tcaron", 357 }, { "tcedil", 355 }, { "there4", 8756 }, { "theta", 952 },
	{ "thetasym", 977 }, { "thinsp", 8201 }, { "thorn", 254 }, { "tilde", 732 }, { "times", 215 }, { "trade", 8482 },
	{ "triangle", 9653 }, { "uArr", 8657 }, { "uacute", 250 }, { "uarr", 8593 }, { "ucirc", 251 }, { "udblac", 369 },
	{ "ugrave", 249 }, { "umacr", 363 }, { "uml", 168 }, { "uparrow", 8593 }, { "upsih", 978 }, { "upsilon", 965 },
	{ "uring", 367 }, { "uuml", 252 }, { "verbar", 124 }, { "vert", 124 }, { "weierp", 8472 }, { "xi", 958 },
	{ "yacute", 253 }, { "yen", 165 }, { "yuml", 255 }, { "zacute", 378 }, { "zcaron", 382 }, { "zdot", 380 },
	{ "zeta", 950 }, { "zwj", 8205 }, { "zwnj", 8204 },
};

/* These stand without a semicolon too, as browsers have it. */
static const char legacy[] =
	" AElig AMP Aacute Acirc Agrave Aring Atilde Auml COPY Ccedil ETH Eacute Ecirc Egrave Euml GT Iacute "
	" Icirc Igrave Iuml LT Ntilde Oacute Ocirc Ograve Oslash Otilde Ouml QUOT REG THORN Uacute Ucirc "
	" Ugrave Uuml Yacute aacute acirc acute aelig agrave amp aring atilde auml brvbar ccedil cedil cent "
	" copy curren deg divide eacute ecirc egrave eth euml frac12 frac14 frac34 gt iacute icirc iexcl "
	" igrave iquest iuml laquo lt macr micro middot nbsp not ntilde oacute ocirc ograve ordf ordm oslash "
	" otilde ouml para plusmn pound quot raquo reg sect shy sup1 sup2 sup3 szlig thorn times uacute ucirc "
	" ugrave uml uuml yacute yen yuml ";

/* What the numbers 128..159 mean in pages: the characters of windows-1252. */
static const uint16_t c1[32] = {
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178
};

static uint32_t
lookup(const char *s, size_t n)
{
	size_t lo = 0, hi = sizeof names / sizeof *names;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2, len = strlen(names[mid].name);
		int c = memcmp(s, names[mid].name, n < len ? n : len);

		if (c == 0)
			c = n < len ? -1 : n > len;
		if (c == 0)
			return names[mid].code;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return 0;
}

static int
is_legacy(const char *s, size_t n)
{
	char word[16];

	if (n + 3 > sizeof word)
		return 0;
	word[0] = ' ';
	memcpy(word + 1, s, n);
	word[n + 1] = ' ';
	word[n + 2] = 0;
	return strstr(legacy, word) != NULL;
}

static uint32_t
numeric(const char *s, size_t n, size_t *used)
{
	size_t i = 1;
	uint32_t c = 0;
	int hex = i < n && (s[i] == 'x' || s[i] == 'X');
	size_t from = i += (size_t)hex;

	for (; i < n; i++) {
		unsigned d = (unsigned char)s[i];

		d = d - '0' < 10 ? d - '0' : hex && (d | 32) - 'a' < 6 ? (d | 32) - 'a' + 10 : 99;
		if (d == 99)
			break;
		if (c < 0x110000)
			c = c * (hex ? 16 : 10) + d;
	}
	*used = 0;
	if (i == from)
		return 0;
	*used = i + (i < n && s[i] == ';');
	if (c >= 128 && c < 160)
		c = c1[c - 128];
	if (c == 0 || c >= 0x110000 || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	return c;
}

size_t
html_entity(const char *s, size_t n, char out[4], size_t *used)
{
	size_t i = 0;
	uint32_t c = 0;

	*used = 0;
	if (n && s[0] == '#') {
		c = numeric(s, n, used);
		return *used ? utf8_put(out, c) : 0;
	}
	while (i < n && i < sizeof names[0].name - 1 &&
	       ((unsigned)(s[i] | 32) - 'a' < 26 || (i && (unsigned)s[i] - '0' < 10)))
		i++;
	if (i < n && s[i] == ';' && (c = lookup(s, i)))
		*used = i + 1;
	for (; !c && i >= 2; i--)
		if (is_legacy(s, i) && (c = lookup(s, i)))
			*used = i;
	return c ? utf8_put(out, c) : 0;
}
