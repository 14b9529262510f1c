/* html - a page's bytes into a tree: the tokenizer of HTML5, a tree builder that repairs what pages get wrong */
#ifndef LM_HTML_H
#define LM_HTML_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/* What an element is to the builder and to extraction. */
enum {
	H_VOID   = 1,           /* no content, no end tag */
	H_BLOCK  = 2,           /* begins a line of its own; closes an open paragraph */
	H_RAW    = 4,           /* content is text up to its own end tag */
	H_INLINE = 8,           /* formatting alone: not kept in the tree */
	H_HEAD   = 16,          /* h1 ... h6 */
	H_DROP   = 32,          /* never text of the page */
	H_PARA   = 64           /* a blank line around it */
};

/* Elements by name: T(NAME, flags). */
#define HTML_TAGS(T) \
	T(a, 0) T(abbr, H_INLINE) T(acronym, H_INLINE) T(address, H_BLOCK) T(applet, H_DROP) T(area, H_VOID) \
	T(article, H_BLOCK) T(aside, H_BLOCK) T(audio, H_DROP) T(b, H_INLINE) T(base, H_VOID) T(bdi, H_INLINE) \
	T(bdo, H_INLINE) T(big, H_INLINE) T(blockquote, H_BLOCK | H_PARA) T(body, H_BLOCK) T(br, H_VOID) \
	T(button, H_DROP) T(canvas, H_DROP) T(caption, H_BLOCK) T(center, H_BLOCK) T(cite, H_INLINE) T(code, 0) \
	T(col, H_VOID) T(colgroup, 0) T(data, H_INLINE) T(datalist, H_DROP) T(dd, H_BLOCK) T(del, H_INLINE) \
	T(details, H_BLOCK) T(dfn, H_INLINE) T(dialog, H_BLOCK | H_DROP) T(dir, H_BLOCK) T(div, H_BLOCK) \
	T(dl, H_BLOCK | H_PARA) T(dt, H_BLOCK) T(em, H_INLINE) T(embed, H_VOID) T(fieldset, H_BLOCK) \
	T(figcaption, H_BLOCK) T(figure, H_BLOCK | H_PARA) T(font, H_INLINE) T(footer, H_BLOCK) T(foreignobject, 0) T(form, H_BLOCK) \
	T(frame, H_VOID) T(frameset, H_BLOCK) T(h1, H_BLOCK | H_HEAD | H_PARA) T(h2, H_BLOCK | H_HEAD | H_PARA) \
	T(h3, H_BLOCK | H_HEAD | H_PARA) T(h4, H_BLOCK | H_HEAD | H_PARA) T(h5, H_BLOCK | H_HEAD | H_PARA) \
	T(h6, H_BLOCK | H_HEAD | H_PARA) T(head, 0) T(header, H_BLOCK) T(hgroup, H_BLOCK) T(hr, H_VOID | H_BLOCK | H_PARA) \
	T(html, 0) T(i, H_INLINE) T(iframe, H_RAW | H_DROP) T(img, H_VOID) T(input, H_VOID) T(ins, H_INLINE) \
	T(kbd, H_INLINE) T(label, 0) T(legend, H_BLOCK) T(li, H_BLOCK) T(link, H_VOID) T(main, H_BLOCK) T(map, H_DROP) \
	T(mark, H_INLINE) T(math, 0) T(menu, H_BLOCK) T(meta, H_VOID) T(nav, H_BLOCK) T(noembed, H_RAW | H_DROP) \
	T(noframes, H_RAW | H_DROP) T(noscript, H_DROP) T(object, 0) T(ol, H_BLOCK | H_PARA) T(optgroup, 0) \
	T(option, 0) T(output, 0) T(p, H_BLOCK | H_PARA) T(param, H_VOID) T(picture, 0) T(plaintext, H_BLOCK) \
	T(pre, H_BLOCK | H_PARA) T(progress, H_DROP) T(q, H_INLINE) T(rp, H_DROP) T(rt, H_DROP) T(ruby, 0) \
	T(s, H_INLINE) T(samp, H_INLINE) T(script, H_RAW | H_DROP) T(section, H_BLOCK) T(select, H_DROP) \
	T(small, H_INLINE) T(source, H_VOID) T(span, 0) T(strike, H_INLINE) T(strong, H_INLINE) T(style, H_RAW | H_DROP) \
	T(sub, H_INLINE) T(summary, H_BLOCK) T(sup, 0) T(svg, H_DROP) T(table, H_BLOCK | H_PARA) T(tbody, H_BLOCK) \
	T(td, H_BLOCK) T(template, H_DROP) T(textarea, H_RAW | H_DROP) T(tfoot, H_BLOCK) T(th, H_BLOCK) \
	T(thead, H_BLOCK) T(time, 0) T(title, H_RAW | H_DROP) T(tr, H_BLOCK) T(track, H_VOID) T(tt, H_INLINE) \
	T(u, H_INLINE) T(ul, H_BLOCK | H_PARA) T(var, H_INLINE) T(video, H_DROP) T(wbr, H_VOID) T(xmp, H_RAW | H_BLOCK | H_PARA)
enum {
	TAG_TEXT,               /* a run of text */
#define T(name, flags) TAG_##name,
	HTML_TAGS(T)
#undef T
	TAG_other,              /* an element that HTML does not know: inline */
	TAG_COUNT
};
extern const uint8_t html_flags[TAG_COUNT];

/* Attributes that are kept. */
#define HTML_ATTRS(T) \
	T(alttext, "alttext") T(aria_hidden, "aria-hidden") T(charset, "charset") T(class, "class") \
	T(content, "content") T(data_nosnippet, "data-nosnippet") T(data_preloaded, "data-preloaded") T(datetime, "datetime") T(hidden, "hidden") \
	T(href, "href") T(http_equiv, "http-equiv") T(id, "id") T(itemprop, "itemprop") T(itemtype, "itemtype") T(lang, "lang") \
	T(name, "name") T(open, "open") T(property, "property") T(rel, "rel") T(role, "role") T(start, "start") \
	T(style, "style") T(type, "type")
enum {
#define T(id, name) ATTR_##id,
	HTML_ATTRS(T)
#undef T
	ATTR_COUNT
};

struct html_attr {
	uint32_t    name, n;
	const char *v;          /* decoded; n bytes and a NUL */
};

struct html_node {
	uint32_t    parent, first, last, next;  /* indices; 0 none, the root is 0 */
	uint16_t    tag, depth, n_attr, user;   /* user: the caller's */
	uint32_t    len;                        /* TAG_TEXT, raw elements: bytes of text */
	uint32_t    attr, has;                  /* index of the first in html.attr; bit i: one of them is ATTR_ i */
	const char *text;                       /* decoded, but raw for script and style; not NUL-terminated */
};

/* Nodes stand in document order: a node's index is greater than its parent's. */
struct html {
	struct html_node *node;
	struct html_attr *attr;
	char             *pool;
	size_t            n, cap, n_attr, cap_attr, used;
};

#define HTML_DEPTH 250          /* elements nested deeper lie side by side at this depth */

#define HTML_NODES ((size_t)1 << 22)    /* of one page, about */

/* Parses n bytes of UTF-8.  Any bytes make a tree: time and memory are linear in n.  0, -1 when there are more than HTML_NODES:
 * the tree is of those before. */
int  html_parse(struct html *, const char *s, size_t n);
void html_free(struct html *);

/* The value of an attribute, NUL-terminated; of one that an element has, or NULL. */
const char *html_attr_of(const struct html *, uint32_t node, int name);
static inline const char *
html_attr(const struct html *h, uint32_t node, int name)
{
	return h->node[node].has >> name & 1 ? html_attr_of(h, node, name) : NULL;
}

/* The character that a reference stands for: s after '&'; *used is how many bytes it took, 0 when it is none.
 * Pure; UTF-8 to out, at most 8 bytes; returns how many. */
size_t html_entity(const char *s, size_t n, char out[8], size_t *used);
#endif
