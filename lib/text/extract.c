/* extract - which part of a page is its content: what is furniture goes, the densest part stays */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/extract.h"
#include "base/rng.h"
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Judged by class, id and itemprop of an element, joined by blanks; the last one by a short block's text. */
enum { RE_FURNITURE, RE_COMMENT, RE_NOTICE, RE_INLINE, RE_BODY, RE_NAMES, RE_LINE = RE_NAMES, RE_COUNT };
static const char *const patterns[RE_COUNT] = {
	/* what answers a page, unless it is the page */
	[RE_COMMENT] =
	"\\bcomment(s|-?list|-?section|-?thread|-?area|-?wrap(per)?|-?form)?\\b|disqus|\\brespond\\b|\\brepl(y|ies)\\b",
	/* what is laid over a page */
	[RE_NOTICE] =
	"\\bcookie|consent|gdpr|\\bccpa|onetrust|ot-sdk|truste|didomi|privacy-?(notice|banner|cent(er|re))",
	[RE_FURNITURE] =
	"\\b(social|sharing|share|sharedaddy|addthis|sharethis|share-?(bar|buttons?|links?|tools?|this|icons?))\\b|(social|share)[-_]|[-_](social|share|sharing)\\b"
	"|\\brelated|[-_]related|recommend|read-?(more|next)|more-?(stories|articles|news|from|like)|also-?(like|read)|\\btaboola|outbrain|zergnet|mgid"
	"|side-?bar|\\baside\\b|bread-?crumb|newsletter|subscri(be|ption)|sign-?up|log-?in|\\bpaywall"
	"|\\bpromo|advert|\\bads?\\b|\\bad-|[-_]ads?\\b|google_?ad|\\bgpt-|\\bdfp|sponsor|\\bbanner\\b|pop-?up|\\bmodal\\b|overlay|masthead"
	"|\\bnav\\b|nav-?bar|navigation|[-_]nav\\b|\\bnav[-_]|\\bmenu\\b|[-_]menu|\\bmenu[-_]|\\bfooter|[-_]footer\\b|site-?header|page-?header-?nav|\\btop-?bar"
	"|skip-?(link|to)|screen-?reader|sr-only|visually-?hidden|visuallyhidden|\\bhidden\\b|\\bprint-only|noprint|no-print"
	"|\\btags?\\b|\\btag-?(list|cloud|links)|\\bcategor(y|ies)-?(list|links)|post-?(tags|nav|navigation)|\\bpagination|\\bpager\\b|page-?numbers|\\bwidget"
	"|\\bauthor-?(bio|box|info|card|profile)|about-?author|\\bbyline\\b|post-?meta|entry-?meta|article-?meta|\\bmeta-?info|\\bdateline\\b|\\btimestamp\\b"
	"|\\bsearch\\b|search-?(form|box)|\\btoc\\b|table-?of-?contents|\\btoolbar|\\bprev-?next|\\bjump-?(to|links?)|mw-editsection|mw-jump|\\bnavbox|catlinks|printfooter"
	"|headerlink|\\bedit-?link|\\brss\\b|\\bfollow-?us|\\bcopyright\\b|\\blegal\\b|\\bdisclaimer\\b|\\bcaption-?credit|image-?credit|\\bcredits?\\b|\\brating",
	/* of these alone when it is within a line */
	[RE_INLINE] =
	"sr-only|screen-?reader|visually-?hidden|headerlink|anchor-?(link|js)|mw-editsection|no-?print\\b|\\bfootnote-?ref|\\bshare\\b|\\bsocial\\b"
	"|\\badvert|\\btool-?tip|\\bbyline\\b|\\btimestamp\\b|\\bedit-?link|skip-?link",
	[RE_LINE] =
	"^\\s*(advert(isement|isment)?s?|sponsored( content)?|share( this)?( on \\w+| (story|article|post|page))?|tweet|pin( it)?|print( this)?|e-?mail( this)?"
	"|copy link|\\d* ?(comments?|shares?|views?)|(leave|post|add) a (comment|reply)|reply|tags?:?|filed under:?.*|read (more|next|full.*)|(see|show|view|load|learn) (more|all)"
	"|more (from|on|in|about) .*|related( (articles?|stories|posts|topics|content|news))?:?|you (may|might) also like:?|recommended( for you)?|most (read|popular|viewed|recent)"
	"|(continue reading|story continues|article continues).*|(follow|like) us on .*|subscribe( now| today)?|sign (up|in)|log in|click here.*|back to (the )?top|skip to .*|loading.*"
	"|next|previous|prev|menu|search|close|advertisement - .*|photo:? .{0,20}getty.*|get short url|hide caption|toggle caption|enlarge this image|please enable javascript.*)\\W*$",
	[RE_BODY] =
	"article-?_?(body|content|text|main)|\\bstory-?_?(body|content|text)|post-?_?(body|content|text|entry)|entry-?_?(content|body|text)"
	"|\\barticle\\b|articlebody|\\bmain-?content|\\bcontent-?(body|main|article)|\\bbody-?(text|content|copy)|page-?content|mw-parser-output|\\bmarkdown-body\\b|rst-content|\\btext-?content"
};

#define SEEN   1024
#define ENOUGH 400      /* letters of running text that are a page's content without doubt */
#define GAIN   2        /* with less, what a more lenient reading must give to be preferred */

struct extract {
	pcre2_code *re[RE_COUNT];
};

/* What is known of each element, of its whole content. */
struct mass {
	uint32_t text, link;    /* characters; those within links */
	uint32_t links;
	double   good;          /* characters of running text */
};

struct work {
	const struct extract *x;
	struct html           h;
	struct mass          *m;
	uint32_t             *ends;
	uint8_t              *kind;     /* bit i: pattern i matches */
	pcre2_match_data     *md;
	struct { uint64_t names; int kind; } seen[SEEN];        /* by hash: pages give the same names again and again */
};

struct extract *
extract_new(struct err *err)
{
	struct extract *x = xcalloc(1, sizeof *x);
	int code;
	PCRE2_SIZE at;

	for (int i = 0; i < RE_COUNT; i++) {
		x->re[i] = pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_NEVER_UTF, &code, &at, NULL);
		if (!x->re[i]) {
			err_set(err, "pattern %d: error %d at %zu", i, code, (size_t)at);
			extract_free(x);
			return NULL;
		}
		pcre2_jit_compile(x->re[i], PCRE2_JIT_COMPLETE);        /* without it, it is only slower */
	}
	return x;
}

void
extract_free(struct extract *x)
{
	for (int i = 0; x && i < RE_COUNT; i++)
		pcre2_code_free(x->re[i]);
	free(x);
}

void
extracted_clear(struct extracted *e)
{
	buf_clear(&e->text);
	buf_clear(&e->title);
	buf_clear(&e->author);
	buf_clear(&e->date);
	buf_clear(&e->lang);
	buf_clear(&e->url);
	e->asks = 0;
}

void
extracted_free(struct extracted *e)
{
	buf_free(&e->text);
	buf_free(&e->title);
	buf_free(&e->author);
	buf_free(&e->date);
	buf_free(&e->lang);
	buf_free(&e->url);
}

uint32_t *
html_ends(const struct html *h)
{
	uint32_t *ends = xmalloc(h->n * sizeof *ends);

	for (size_t i = h->n; i-- > 0; )
		ends[i] = h->node[i].last ? ends[h->node[i].last] : (uint32_t)i + 1;
	return ends;
}

/* Letters of a text: blanks do not count, a character of three bytes (CJK) for two. */
static uint32_t
weight(const char *s, size_t n)
{
	uint32_t w = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		w += c > ' ' && (c & 0xc0) != 0x80 ? 1 + (c >= 0xe0) : 0;
	}
	return w;
}

static int
is_hidden(const struct html *h, uint32_t at)
{
	const char *style = html_attr(h, at, ATTR_style), *p;
	const char *aria = html_attr(h, at, ATTR_aria_hidden);

	if (html_attr(h, at, ATTR_hidden) || (aria && strcmp(aria, "true") == 0))
		return 1;
	if (style && (p = strstr(style, "display"))) {
		for (p += 7; *p == ' ' || *p == ':'; )
			p++;
		if (strncmp(p, "none", 4) == 0)
			return 1;
	}
	return 0;
}

static int
role_drops(const char *role)
{
	static const char *const roles[] = { "navigation", "complementary", "banner", "contentinfo", "search", "dialog",
		"alertdialog", "menu", "menubar", "tooltip", "alert" };

	for (size_t i = 0; role && i < sizeof roles / sizeof *roles; i++)
		if (strcmp(role, roles[i]) == 0)
			return 1;
	return 0;
}

/* What patterns an element's class, id and itemprop match. */
static int
match(struct work *w, uint32_t at, struct buf *names)
{
	static const int from[] = { ATTR_class, ATTR_id, ATTR_itemprop };
	const char *v;
	uint64_t hash;
	int kind = 0, block;

	if (w->h.node[at].n_attr == 0)
		return 0;
	buf_clear(names);
	for (size_t i = 0; i < 3; i++)
		if ((v = html_attr(&w->h, at, from[i]))) {
			buf_add(names, v, strnlen(v, 512));
			buf_char(names, ' ');
		}
	if (names->n == 0)
		return 0;
	block = html_flags[w->h.node[at].tag] & H_BLOCK || w->h.node[at].tag == TAG_other;
	hash = rng_hash(names->p, names->n, (uint64_t)block) | 1;       /* 0 is an empty place */
	if (w->seen[hash >> 8 & (SEEN - 1)].names == hash)
		return w->seen[hash >> 8 & (SEEN - 1)].kind;
	for (int i = 0; i < RE_NAMES; i++)
		if ((block || i == RE_INLINE) &&
		    pcre2_match(w->x->re[i], (PCRE2_SPTR)names->p, names->n, 0, 0, w->md, NULL) >= 0)
			kind |= 1 << i;
	w->seen[hash >> 8 & (SEEN - 1)].names = hash;
	w->seen[hash >> 8 & (SEEN - 1)].kind = kind;
	return kind;
}

/* Characters, links and running text of each element, bottom up; what is dropped weighs nothing. */
static void
weigh(struct work *w)
{
	struct html *h = &w->h;
	uint32_t *block = xcalloc(h->n, sizeof *block), *own = xcalloc(h->n, sizeof *own), *own_link = xcalloc(h->n, sizeof *own);
	uint8_t *state = xcalloc(h->n, 1);      /* 1 dropped, 2 in a link */

	memset(w->m, 0, h->n * sizeof *w->m);
	for (uint32_t i = 1; i < h->n; i++) {
		struct html_node *e = &h->node[i];
		uint32_t up = e->parent, n;

		state[i] = state[up] | (e->user & MARK_DROP || html_flags[e->tag] & H_DROP) | (e->tag == TAG_a ? 2 : 0);
		block[i] = html_flags[e->tag] & H_BLOCK ? i : block[up];
		if (e->tag == TAG_a && !(state[i] & 1))
			w->m[i].links = 1;
		if (e->tag != TAG_TEXT || state[i] & 1)
			continue;
		w->m[i].text = n = weight(e->text, e->len);
		w->m[i].link = state[i] & 2 ? n : 0;
		own[block[i]] += n;
		own_link[block[i]] += w->m[i].link;
	}
	for (uint32_t i = (uint32_t)h->n - 1; i > 0; i--) {
		struct mass *m = &w->m[i], *up = &w->m[h->node[i].parent];
		double n = own[i] - own_link[i], share = own[i] ? n / own[i] : 0;

		if (own[i] && !(html_flags[h->node[i].tag] & H_HEAD))
			m->good += n * share * (n < 80 ? n / 80 : 1);
		up->text += m->text;
		up->link += m->link;
		up->links += m->links;
		up->good += m->good;
	}
	free(block);
	free(own);
	free(own_link);
	free(state);
}

/* How much goes by name: all that patterns match, not the comments, or only what elements and roles say. */
enum { BY_NAME, BY_NAME_WITH_COMMENTS, BY_ELEMENT, NOTHING };

static int
holds_code(const struct work *w, uint32_t figure)
{
	for (uint32_t i = figure + 1; i < w->ends[figure]; i++)
		if (w->h.node[i].tag == TAG_pre || w->h.node[i].tag == TAG_table || w->h.node[i].tag == TAG_code)
			return 1;
	return 0;
}

/* Whether an element is furniture, judged by what it is called; w->m is of the page with all in it. */
static int
is_furniture(const struct work *w, uint32_t i, int level)
{
	const struct html *h = &w->h;
	int tag = h->node[i].tag, kind = w->kind[i], block = html_flags[tag] & H_BLOCK || tag == TAG_other;

	int whole = tag == TAG_body || tag == TAG_article || tag == TAG_main;

	if (kind & 1 << RE_NOTICE && block && !whole && w->m[i].good < .9 * w->m[0].good)
		return 1;
	if (w->m[i].good > .4 * w->m[0].good && w->m[i].good > 200)
		return 0;                               /* most of the page */
	if (kind & 1 << RE_INLINE || (tag == TAG_sup && w->m[i].link && w->m[i].link == w->m[i].text))
		return 1;                               /* the latter are marks of footnotes */
	if (tag == TAG_nav || tag == TAG_aside || tag == TAG_footer || role_drops(html_attr(h, i, ATTR_role)))
		return 1;
	if (tag == TAG_figcaption && !holds_code(w, h->node[i].parent))
		return 1;                               /* what it says of a picture that is not here */
	if (!block || whole || level >= BY_ELEMENT)
		return 0;
	return kind & 1 << RE_FURNITURE || (kind & 1 << RE_COMMENT && level == BY_NAME);
}

/* Marks what is left out before the content is looked for. */
static void
mark_furniture(struct work *w, int level)
{
	struct html *h = &w->h;

	for (uint32_t i = 1; i < h->n; i++)
		h->node[i].user &= (uint16_t)~MARK_DROP;
	weigh(w);
	for (uint32_t i = 1; i < h->n; i++) {
		int drop = 0, tag = h->node[i].tag;

		if (tag == TAG_TEXT || html_flags[tag] & H_DROP)
			continue;
		drop = is_hidden(h, i) && !(w->m[i].good > .4 * w->m[0].good && w->m[i].good > 200);
		if (level < NOTHING && is_furniture(w, i, level))
			drop = 1;
		if (drop) {
			h->node[i].user |= MARK_DROP;
			i = w->ends[i] - 1;
		}
	}
	weigh(w);
}

/* Descends from an element as long as one child holds nearly all of its running text. */
static uint32_t
descend(const struct work *w, uint32_t at, double share)
{
	double all = w->m[at].good;

	for (;;) {
		uint32_t best = 0;

		for (uint32_t i = w->h.node[at].first; i; i = w->h.node[i].next)
			if (html_flags[w->h.node[i].tag] & H_BLOCK && (!best || w->m[i].good > w->m[best].good))
				best = i;
		if (!best || w->m[best].good < share * all || w->m[best].good <= 0)
			return at;
		if (w->h.node[best].tag == TAG_p || w->h.node[best].tag == TAG_tr || w->h.node[best].tag == TAG_td ||
		    w->h.node[best].tag == TAG_li || w->h.node[best].tag == TAG_pre)
			return at;
		at = best;
	}
}

/* The element that the page itself names its content, if it holds enough of the running text. */
static uint32_t
named_content(const struct work *w)
{
	uint32_t best = 0;
	double all = w->m[0].good;

	for (uint32_t i = 1; i < w->h.n; i++) {
		const char *prop = html_attr(&w->h, i, ATTR_itemprop), *role = html_attr(&w->h, i, ATTR_role);
		int tag = w->h.node[i].tag, named = 0, body;

		if (w->h.node[i].user & MARK_DROP) {
			i = w->ends[i] - 1;
			continue;
		}
		if (!(html_flags[tag] & H_BLOCK))
			continue;
		body = prop && strcmp(prop, "articleBody") == 0;
		named = body || tag == TAG_article || tag == TAG_main ||
			(role && (strcmp(role, "main") == 0 || strcmp(role, "article") == 0)) || w->kind[i] & 1 << RE_BODY;
		if (named && w->m[i].good >= (body ? .3 : .5) * all)
			best = i;       /* the innermost of the best */
	}
	return best;
}

/* The text below an element, blanks as they are, up to a size. */
static void
text_below(const struct work *w, uint32_t at, size_t max, struct buf *out)
{
	buf_clear(out);
	for (uint32_t i = at + 1; i < w->ends[at] && out->n < max; i++)
		if (w->h.node[i].tag == TAG_TEXT)
			buf_add(out, w->h.node[i].text, w->h.node[i].len);
		else if (html_flags[w->h.node[i].tag] & H_BLOCK)
			buf_char(out, ' ');
	buf_add(out, "", 0);
}

/* Of several articles on a page, the one under the page's title: others follow it for who scrolls on. */
static uint32_t
titled_article(const struct work *w, const struct buf *title)
{
	struct buf text = { 0 };
	uint32_t found = 0;
	int n = 0;

	for (uint32_t i = 1; i < w->h.n && title->n >= 10; i++) {
		if (w->h.node[i].user & MARK_DROP || w->h.node[i].tag == TAG_TEXT)
			continue;
		if (w->h.node[i].tag != TAG_article || w->m[i].good < ENOUGH)
			continue;
		n++;
		for (uint32_t k = i + 1; k < w->ends[i] && !found; k++) {
			size_t from = 0;

			if (!(html_flags[w->h.node[k].tag] & H_HEAD))
				continue;
			text_below(w, k, 400, &text);
			while (from < text.n && (unsigned char)text.p[from] <= ' ')
				from++;
			if (text.n - from >= 10 && strncmp(text.p + from, title->p, title->n < 30 ? title->n : 30) == 0)
				found = i;
		}
		i = w->ends[i] - 1;
	}
	buf_free(&text);
	return n > 1 ? found : 0;
}

/* Second pass, within the content: lists of links and the like. */
static void
mark_links(struct work *w, uint32_t root)
{
	struct html *h = &w->h;
	struct buf text = { 0 };

	for (uint32_t i = root + 1; i < w->ends[root]; i++) {
		struct mass *m = &w->m[i];
		int tag = h->node[i].tag, drop = 0;

		if (h->node[i].user & MARK_DROP) {
			i = w->ends[i] - 1;
			continue;
		}
		if (tag == TAG_ul || tag == TAG_ol || tag == TAG_div || tag == TAG_section || tag == TAG_table || tag == TAG_dl || tag == TAG_form)
			drop = m->links > 2 && m->link > .6 * m->text && m->good < .1 * w->m[root].good;
		else if (tag == TAG_p)
			drop = m->links && m->link > .9 * m->text && m->text < 80;
		if (!drop && html_flags[tag] & H_BLOCK && m->text && m->text < 60) {
			text_below(w, i, 200, &text);
			drop = pcre2_match(w->x->re[RE_LINE], (PCRE2_SPTR)text.p, text.n, 0, 0, w->md, NULL) >= 0;
		}
		if (drop) {
			h->node[i].user |= MARK_DROP;
			i = w->ends[i] - 1;
		}
	}
	buf_free(&text);
}

/* The content's root with as much furniture taken out as leaves something. */
static uint32_t
find_content(struct work *w, const struct buf *title)
{
	uint32_t root = 0, named;
	int level, used = BY_NAME;
	double good = 0;

	for (level = BY_NAME; level <= NOTHING; level++) {
		uint32_t at;

		mark_furniture(w, level);
		if (!(named = titled_article(w, title)))
			named = named_content(w);
		at = descend(w, named, named ? .95 : .85);
		if (level == BY_NAME || w->m[at].good > GAIN * good) {
			root = at;
			good = w->m[at].good;
			used = level;
		}
		if (good > (level < BY_ELEMENT ? ENOUGH : 50))
			break;
	}
	if (used != level)
		mark_furniture(w, used);
	if (w->m[root].link < .5 * w->m[root].text)
		mark_links(w, root);
	return root;
}

void
extract_page(const struct extract *x, const char *s, size_t n, int all, struct extracted *e)
{
	struct work w = { .x = x };
	struct buf names = { 0 };
	uint32_t root = 0;

	extracted_clear(e);
	html_parse(&w.h, s, n);
	page_meta(&w.h, e);
	w.ends = html_ends(&w.h);
	w.m = xcalloc(w.h.n, sizeof *w.m);
	w.kind = xcalloc(w.h.n, 1);
	w.md = pcre2_match_data_create(1, NULL);
	if (all) {
		mark_furniture(&w, NOTHING);
	} else {
		for (uint32_t i = 1; i < w.h.n; i++)
			w.kind[i] = (uint8_t)match(&w, i, &names);
		root = find_content(&w, &e->title);
	}
	render_tree(&w.h, root, &e->text);
	buf_free(&names);
	pcre2_match_data_free(w.md);
	free(w.kind);
	free(w.m);
	free(w.ends);
	html_free(&w.h);
}
