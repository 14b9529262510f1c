/* blocks - a page's blocks of text as numbers: what they look like, where they stand, what is around them */
/* SPDX-License-Identifier: MIT */
#include "text/page/judge.h"
#include "text/same/seen.h"
#include <stdlib.h>
#include <string.h>

#define RUNNING 75      /* letters of a block that is running text if they are not links */
#define FAR 15          /* the most that a distance in the tree is told apart */

/* What is looked for above a block, beside the kinds of names. */
enum { IN_NAV = NAMES_KINDS, IN_HEADER, IN_FOOTER, IN_ASIDE, IN_FORM, IN_MAIN, IN_ARTICLE, IN_TABLE, IN_LIST, IN_ITEM, IN_SECTION, IN_FIGURE,
       IN_LINK, IN_HIDDEN, IN_ALL, IN_ROOM = 32 };     /* room: whole vectors */
enum { DROPPED = 1, NEVER = 2, INSIDE = 4 };

/* An element with all that is in it, whatever the rules leave out. */
struct place {
	uint64_t shape;                         /* a hash of its tag and classes, or 0 as long as nobody asked */
	uint32_t text, link, kept, blocks;      /* letters; in links; that the rules keep; blocks of text */
	uint32_t block, mine;                   /* the block element that it is in; its own block, + 1 */
	uint16_t alike, before;                 /* siblings of its tag; of them before it */
	uint8_t  near[IN_ROOM];                 /* levels up to the nearest that is such, or FAR */
	uint8_t  state;
};

/* A block while it is read. */
struct draft {
	uint32_t node, own, link, stops, digits, upper, words, money;
	uint64_t text, shape;                   /* hashes */
	unsigned char first, last;
	uint8_t  kept;
};

/* How often a key was seen, and with how many letters. */
struct count {
	uint64_t key;
	uint32_t n, letters, kept, first;       /* first: the block that it was seen in */
};
struct counts {
	struct count *v;
	size_t mask;
};

struct page {
	const struct work *w;
	struct place *place;
	struct draft *draft;
	size_t        n, cap;
	struct counts texts, shapes;
	uint32_t      letters, links, kept;     /* of all blocks */
	size_t        headed;                   /* the block of the first <h1> */
};

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* The next byte of a text; a step shorter than mix, which comes in the end. */
static uint64_t mix_byte(uint64_t h, unsigned char c) { return h * 0x9e3779b97f4a7c15u + c + 1; }

static struct count *
counted(struct counts *c, uint64_t key)
{
	size_t at = mix(1, key) & c->mask;

	while (c->v[at].n && c->v[at].key != key)
		at = (at + 1) & c->mask;
	c->v[at].key = key;
	return &c->v[at];
}

/* Eight steps for each doubling. */
static uint8_t
log8(uint32_t n)
{
	uint32_t bits = 31 - (uint32_t)__builtin_clz(++n);

	return (uint8_t)(8 * bits + (bits > 3 ? n >> (bits - 3) & 7 : n << (3 - bits) & 7));
}

static uint8_t
share(uint32_t part, uint32_t all)
{
	return all ? (uint8_t)(255.0 * (part < all ? part : all) / all) : 0;
}

static const uint8_t kind_of_tag[TAG_COUNT] = {
	[TAG_nav] = IN_NAV, [TAG_header] = IN_HEADER, [TAG_footer] = IN_FOOTER, [TAG_aside] = IN_ASIDE, [TAG_form] = IN_FORM, [TAG_main] = IN_MAIN,
	[TAG_article] = IN_ARTICLE, [TAG_table] = IN_TABLE, [TAG_ul] = IN_LIST, [TAG_ol] = IN_LIST, [TAG_dl] = IN_LIST, [TAG_li] = IN_ITEM,
	[TAG_section] = IN_SECTION, [TAG_figure] = IN_FIGURE, [TAG_a] = IN_LINK
};

/* Text counts as its block's, with what its bytes look like. */
static void
read_text(struct page *p, uint32_t at, struct draft *d)
{
	const struct html_node *t = &p->w->h.node[at];
	int blank = 1, in_link = p->place[at].near[IN_LINK] < FAR;

	for (uint32_t i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->text[i];

		if (c <= ' ') {
			blank = 1;
			continue;
		}
		d->words += (uint32_t)blank;
		blank = 0;
		d->stops += c == '.' || c == ',' || c == ';' || c == '!' || c == '?' || c == ':';
		d->digits += c >= '0' && c <= '9';
		d->upper += c >= 'A' && c <= 'Z';
		d->money += c == '$' || (c == 0xa3 && i && (unsigned char)t->text[i - 1] == 0xc2) ||
			(c == 0xac && i > 1 && memcmp(t->text + i - 2, "\xe2\x82", 2) == 0);
		d->text = mix_byte(d->text, c);
		if (!d->first)
			d->first = c;
		d->last = c;
	}
	d->own += p->w->letters[at];
	d->link += in_link ? p->w->letters[at] : 0;
}

static uint64_t
own_shape(const struct html *h, uint32_t at)
{
	const char *class = html_attr(h, at, ATTR_class);
	uint64_t shape = mix(0, h->node[at].tag);

	for (; class && *class; class++)
		shape = mix_byte(shape, (unsigned char)*class);
	return shape + !shape;
}

/* What an element and those around it look like. */
static uint64_t
shape_of(struct page *p, uint32_t at)
{
	uint64_t shape = 0;

	for (int up = 0; up < 3 && at; up++, at = p->w->h.node[at].parent) {
		if (!p->place[at].shape)
			p->place[at].shape = own_shape(&p->w->h, at);
		shape = mix(shape, p->place[at].shape);
	}
	return shape;
}

/* Down the tree: what is above each node; texts go to their blocks. */
static void
descend(struct page *p, uint32_t top, uint32_t root, uint32_t *owner)
{
	const struct html *h = &p->w->h;

	memset(p->place[h->node[top].parent].near, FAR, IN_ROOM);
	p->place[0].state = root == 0 ? INSIDE : 0;
	for (uint32_t i = top ? top : 1; i < p->w->ends[top]; i++) {
		struct place *me = &p->place[i], *up = &p->place[h->node[i].parent];
		int tag = h->node[i].tag, block = (html_flags[tag] & H_BLOCK) != 0, drop = h->node[i].user & MARK_DROP;

		me->state = up->state | (i == root ? INSIDE : 0) | (drop ? DROPPED : 0);
		me->block = block ? i : up->block;
		if (html_flags[tag] & H_DROP || (drop && !block && !(up->state & DROPPED)))
			me->state |= NEVER;
		if (tag == TAG_TEXT) {
			memcpy(me->near, up->near, IN_ROOM);
			if (me->state & NEVER || !p->w->letters[i])
				continue;
			if (!p->place[me->block].mine) {
				VEC_PUSH(p->draft, p->n, p->cap, ((struct draft){ .node = me->block, .kept = (me->state & (INSIDE | DROPPED)) == INSIDE }));
				p->place[me->block].mine = (uint32_t)p->n;
			}
			owner[i] = p->place[me->block].mine;
			read_text(p, i, &p->draft[owner[i] - 1]);
			continue;
		}
		for (int k = 0; k < IN_ROOM; k++)
			me->near[k] = (uint8_t)(up->near[k] + (up->near[k] < FAR));
		for (int k = 0; k < NAMES_KINDS; k++)
			if (p->w->kind[i] & 1 << k)
				me->near[k] = 0;
		if (kind_of_tag[tag])
			me->near[kind_of_tag[tag]] = 0;
		if (furniture_hidden(h, i))
			me->near[IN_HIDDEN] = 0;
	}
}

/* Up the tree: sums; and siblings told from each other. */
static void
ascend(struct page *p)
{
	const struct html *h = &p->w->h;
	uint16_t n[TAG_COUNT];

	for (uint32_t i = (uint32_t)h->n - 1; i > 0; i--) {
		struct place *me = &p->place[i], *up = &p->place[h->node[i].parent];

		if (me->mine && me->block == i) {
			struct draft *d = &p->draft[me->mine - 1];

			me->text += d->own;
			me->link += d->link;
			me->kept += d->kept ? d->own : 0;
			me->blocks++;
		}
		up->text += me->text;
		up->link += me->link;
		up->kept += me->kept;
		up->blocks += me->blocks;
	}
	for (uint32_t i = 0; i < h->n; i++) {
		if (!p->place[i].blocks || h->node[i].first == h->node[i].last)
			continue;
		memset(n, 0, sizeof n);
		for (uint32_t k = h->node[i].first; k; k = h->node[k].next)
			p->place[k].before = p->place[k].blocks && n[h->node[k].tag] < 0xffff ? n[h->node[k].tag]++ : n[h->node[k].tag];
		for (uint32_t k = h->node[i].first; k; k = h->node[k].next)
			p->place[k].alike = n[h->node[k].tag];
	}
}

static const uint8_t rank_of_tag[TAG_COUNT] = {
	[TAG_h1] = 1, [TAG_h2] = 2, [TAG_h3] = 3, [TAG_h4] = 4, [TAG_h5] = 5, [TAG_h6] = 6, [TAG_p] = 7, [TAG_blockquote] = 8, [TAG_pre] = 9,
	[TAG_dd] = 10, [TAG_dt] = 11, [TAG_td] = 12, [TAG_th] = 13, [TAG_li] = 14, [TAG_section] = 15, [TAG_article] = 15, [TAG_div] = 16,
	[TAG_figcaption] = 17, [TAG_header] = 18, [TAG_summary] = 19, [TAG_legend] = 20, [TAG_address] = 21
};

/* What a block's own text looks like. */
static uint8_t *
own_features(const struct page *p, const struct draft *d, uint8_t *x)
{
	*x++ = log8(d->own);
	*x++ = share(d->link, d->own);
	*x++ = log8(d->stops);
	*x++ = share(d->stops, d->words);
	*x++ = share(d->digits, d->own);
	*x++ = share(d->upper, d->own);
	*x++ = log8(d->words);
	*x++ = d->words ? (uint8_t)(d->own / d->words < 31 ? 8 * d->own / d->words : 255) : 0;
	*x++ = (uint8_t)(d->money < 255 ? d->money : 255);
	*x++ = d->last;
	*x++ = d->first;
	*x++ = rank_of_tag[p->w->h.node[d->node].tag];
	*x++ = d->kept;
	return x;
}

/* What neighbours are. */
static uint8_t *
near_features(const struct page *p, size_t at, uint8_t *x)
{
	static const struct draft none;
	uint32_t plain[2] = { 0 }, kept[2] = { 0 }, all[2] = { 0 };

	for (int k = -2; k <= 2; k++) {
		size_t j = at + (size_t)k;
		const struct draft *d = j < p->n ? &p->draft[j] : &none;

		if (k == 0)
			continue;
		*x++ = log8(d->own);
		*x++ = share(d->link, d->own);
		if (k == -1 || k == 1) {
			*x++ = rank_of_tag[p->w->h.node[d->node].tag];
			*x++ = d->kept;
			*x++ = d->shape == p->draft[at].shape;
		}
	}
	for (int side = 0; side < 2; side++)
		for (size_t k = 1; k <= 6; k++) {
			size_t j = side ? at + k : at - k;

			if (j >= p->n)
				break;
			all[side] += p->draft[j].own;
			plain[side] += p->draft[j].own - p->draft[j].link;
			kept[side] += p->draft[j].kept ? p->draft[j].own : 0;
		}
	for (int side = 0; side < 2; side++) {
		*x++ = log8(plain[side]);
		*x++ = share(kept[side], all[side]);
	}
	return x;
}

/* Where a block stands in the tree, and what the elements around it hold. */
static uint8_t *
tree_features(const struct page *p, const struct draft *d, uint8_t *x)
{
	const struct html *h = &p->w->h;
	uint32_t at = d->node;

	*x++ = (uint8_t)h->node[at].depth;
	memcpy(x, p->place[at].near, IN_ALL);
	x += IN_ALL;
	for (int up = 0; up < 5; up++) {
		const struct place *e = &p->place[at];

		*x++ = log8(e->text);
		*x++ = share(e->link, e->text);
		*x++ = share(e->kept, e->text);
		*x++ = log8(e->blocks);
		if (up < 3) {
			*x++ = log8(e->alike);
			*x++ = share(e->before, e->alike);
		}
		at = h->node[at].parent;
	}
	return x;
}

/* Where a block stands on the page, and what page it is. */
static uint8_t *
page_features(struct page *p, size_t at, uint32_t before, uint32_t root, uint8_t *x)
{
	struct draft *d = &p->draft[at];
	struct count *text = counted(&p->texts, d->text), *shape = counted(&p->shapes, d->shape);
	size_t h1 = p->headed;

	*x++ = share(before, p->letters);
	*x++ = log8(before);
	*x++ = (uint8_t)(h1 == (size_t)-1 ? 0 : at < h1 ? 128 - (log8((uint32_t)(h1 - at)) >> 1) : 128 + (log8((uint32_t)(at - h1)) >> 1));
	*x++ = log8(text->n);
	*x++ = log8(shape->n);
	*x++ = share(shape->kept, shape->letters);
	*x++ = log8(shape->letters / shape->n);
	*x++ = share(shape->letters, p->letters);
	*x++ = share(p->links, p->letters);
	*x++ = share(p->kept, p->letters);
	*x++ = share(p->place[root].text, p->letters);
	*x++ = share(p->place[root].link, p->place[root].text);
	*x++ = (uint8_t)p->w->about;
	*x++ = (p->place[d->node].state & INSIDE) != 0;
	return x;
}

static void
sum_up(struct page *p)
{
	size_t places = 16;

	while (places < 2 * p->n)
		places *= 2;
	p->texts = (struct counts){ xcalloc(places, sizeof *p->texts.v), places - 1 };
	p->shapes = (struct counts){ xcalloc(places, sizeof *p->shapes.v), places - 1 };
	p->headed = (size_t)-1;
	for (size_t i = 0; i < p->n; i++) {
		struct draft *d = &p->draft[i];
		struct count *c;

		d->shape = shape_of(p, d->node);
		counted(&p->texts, d->text)->n++;
		c = counted(&p->shapes, d->shape);
		c->first = c->n++ ? c->first : (uint32_t)i;
		c->letters += d->own;
		c->kept += d->kept ? d->own : 0;
		p->letters += d->own;
		p->links += d->link;
		p->kept += d->kept ? d->own : 0;
		if (p->headed == (size_t)-1 && p->w->h.node[d->node].tag == TAG_h1)
			p->headed = i;
	}
}

struct block *
page_blocks(const struct work *w, uint32_t top, uint32_t root, size_t *n, uint32_t **owner)
{
	struct page p = { .w = w };
	struct block *blocks;
	uint32_t before = 0;

	p.place = xcalloc(w->h.n, sizeof *p.place);
	*owner = xcalloc(w->h.n, sizeof **owner);
	descend(&p, top, root, *owner);
	ascend(&p);
	sum_up(&p);
	blocks = xcalloc(p.n + 1, sizeof *blocks);
	for (size_t i = 0; i < p.n; i++) {
		uint8_t *x = blocks[i].x;

		blocks[i].node = p.draft[i].node;
		blocks[i].words = p.draft[i].words;
		blocks[i].kept = p.draft[i].kept;
		blocks[i].alike = counted(&p.shapes, p.draft[i].shape)->first;
		blocks[i].running = p.draft[i].own >= RUNNING && p.draft[i].link < p.draft[i].own / 4 ? p.draft[i].own - p.draft[i].link : 0;
		x = own_features(&p, &p.draft[i], x);
		x = near_features(&p, i, x);
		x = tree_features(&p, &p.draft[i], x);
		page_features(&p, i, before, root, x);
		before += p.draft[i].own;
	}
	*n = p.n;
	free(p.place), free(p.draft);
	free(p.texts.v), free(p.shapes.v);
	return blocks;
}
