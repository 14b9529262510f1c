/* member - what the name of a file within an archive promises */
/* SPDX-License-Identifier: MIT */
#include "text/read/member.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const pages[] = { ".html", ".htm", ".xhtml", ".shtml", NULL };
static const char *const texts[] = { ".txt", ".text", ".md", NULL };
static const char *const tex[] = { ".tex", ".ltx", ".latex", NULL };
static const char *const archives[] = { ".tar", ".tgz", ".tar.gz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tar.lz4",
	".zip", ".epub", ".deb", ".a", ".ar", ".cpio", ".cpio.gz", ".rar", ".cab", ".xar", ".7z", ".jar", ".whl", NULL };
static const char *const packed[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", NULL };

/* Endings of source code, and the language that each means. */
static const struct { const char *suffix, *language; } languages[] = {
	{ "adb", "ada" }, { "ads", "ada" }, { "asm", "assembly" }, { "awk", "awk" }, { "bash", "shell" }, { "c", "c" }, { "cc", "c++" },
	{ "cl", "lisp" }, { "clj", "clojure" }, { "cljs", "clojure" }, { "cmake", "cmake" }, { "cpp", "c++" }, { "cs", "c#" },
	{ "css", "css" }, { "cxx", "c++" }, { "dart", "dart" }, { "el", "lisp" }, { "elm", "elm" }, { "erl", "erlang" },
	{ "ex", "elixir" }, { "exs", "elixir" }, { "f", "fortran" }, { "f90", "fortran" }, { "f95", "fortran" }, { "for", "fortran" },
	{ "fs", "f#" }, { "go", "go" }, { "h", "c" }, { "hh", "c++" }, { "hpp", "c++" }, { "hrl", "erlang" }, { "hs", "haskell" },
	{ "hxx", "c++" }, { "java", "java" }, { "jl", "julia" }, { "js", "javascript" }, { "jsx", "javascript" }, { "kt", "kotlin" },
	{ "less", "css" }, { "lisp", "lisp" }, { "lua", "lua" }, { "m4", "m4" }, { "mjs", "javascript" }, { "mk", "make" },
	{ "ml", "ocaml" }, { "mli", "ocaml" }, { "mm", "objective-c" }, { "nim", "nim" }, { "pas", "pascal" }, { "php", "php" },
	{ "pl", "perl" }, { "pm", "perl" }, { "proto", "protobuf" }, { "py", "python" }, { "pyi", "python" }, { "pyx", "python" },
	{ "r", "r" }, { "rb", "ruby" }, { "rkt", "lisp" }, { "rs", "rust" }, { "rst", "rst" }, { "s", "assembly" }, { "sass", "css" },
	{ "scala", "scala" }, { "scm", "lisp" }, { "scss", "css" }, { "sed", "sed" }, { "sh", "shell" }, { "sql", "sql" },
	{ "sv", "verilog" }, { "swift", "swift" }, { "tcl", "tcl" }, { "thrift", "thrift" }, { "ts", "typescript" },
	{ "tsx", "typescript" }, { "v", "verilog" }, { "vala", "vala" }, { "vb", "basic" }, { "vhd", "vhdl" }, { "vhdl", "vhdl" },
	{ "vim", "vim" }, { "vue", "vue" }, { "yaml", "yaml" }, { "yml", "yaml" }, { "zig", "zig" }, { "zsh", "shell" },
	{ "md", "markdown" }, { "html", "html" }, { "tex", "tex" }, { "ac", "m4" }, { "am", "make" },
};

static int
ends_in(const char *name, size_t n, const char *const *list)
{
	for (; *list; list++) {
		size_t k = strlen(*list);

		if (n > k && strncasecmp(name + n - k, *list, k) == 0)
			return 1;
	}
	return 0;
}

const char *
member_language(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');

	if (strcasecmp(base, "makefile") == 0 || strcasecmp(base, "gnumakefile") == 0)
		return "make";
	if (strcasecmp(base, "dockerfile") == 0)
		return "dockerfile";
	if (strcasecmp(base, "cmakelists.txt") == 0)
		return "cmake";
	for (size_t i = 0; dot && i < sizeof languages / sizeof *languages; i++)
		if (strcasecmp(dot + 1, languages[i].suffix) == 0)
			return languages[i].language;
	return NULL;
}

static enum member
plain(const char *name, int code)
{
	size_t n = strlen(name);

	if (code && member_language(name))
		return MEMBER_CODE;
	if (ends_in(name, n, pages))
		return MEMBER_PAGE;
	if (ends_in(name, n, texts))
		return MEMBER_TEXT;
	return ends_in(name, n, tex) ? MEMBER_TEX : MEMBER_OTHER;
}

enum member
member_inside(const char *name, int code)
{
	char *inner = xstrndup(name, (size_t)(strrchr(name, '.') - name));
	size_t n = strlen(inner);
	enum member m = plain(inner, code);

	/* the papers of arXiv, one a file: a tar, or a text alone */
	if (m == MEMBER_OTHER && n && (unsigned)inner[n - 1] - '0' < 10 && strcasecmp(name + n, ".gz") == 0)
		m = MEMBER_PACKED;
	free(inner);
	return m;
}

enum member
member_of(const char *name, int code)
{
	size_t n = strlen(name);

	if (ends_in(name, n, archives))
		return MEMBER_ARCHIVE;
	if (ends_in(name, n, packed))
		return member_inside(name, code) == MEMBER_OTHER ? MEMBER_OTHER : MEMBER_PACKED;
	if (strstr(name, "/_sources/"))         /* Sphinx: its pages' sources */
		return MEMBER_OTHER;
	return plain(name, code);
}
