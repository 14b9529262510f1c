/* names - what an element is for, judged by its class, id and itemprop; what a short line says */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/page/names.h"
#include "base/rng.h"
#include "text/page/extract.h"
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define SEEN 8192

/* Judged by each name in class, id and itemprop of an element; the last one by a short block's text. */
enum { RE_NAMES = NAMES_PICTURE + 1, RE_LINE = RE_NAMES, RE_COUNT };
static const char *const patterns[RE_COUNT] = {
	/* what answers a page, unless it is the page */
	[NAMES_COMMENT] =
	"\\bcomment(s|-?list|-?section|-?thread|-?area|-?wrap(per)?|-?form)?\\b|disqus|\\brespond\\b|\\brepl(y|ies)\\b",
	/* what is laid over a page */
	[NAMES_NOTICE] =
	"\\bcookie|consent|gdpr|\\bccpa|onetrust|ot-sdk|truste|didomi|privacy-?(notice|banner|cent(er|re)|overview)",
	[NAMES_FURNITURE] =
	"\\b(social|sharing|share|sharedaddy|addthis|sharethis|share-?(bar|buttons?|links?|tools?|this|icons?))\\b|(social|share)[-_]|[-_](social|share|sharing)\\b"
	"|\\brelated|[-_]related|recommend|read-?(more|next)|more-?(stories|articles|news|from|like)|also-?(like|read)|\\btaboola|outbrain|zergnet|mgid"
	"|side-?bar|\\baside\\b|bread-?crumb|newsletter|subscri(be|ption)|sign-?up|log-?in|\\bpaywall"
	"|\\bpromo|advert|\\bads?\\b|\\bad-|[-_]ads?\\b|google_?ad|\\bgpt-|\\bdfp|sponsor|\\bbanner\\b|pop-?up|\\bmodal\\b|overlay|masthead"
	"|\\bnav\\b|nav-?bar|navigation|[-_]nav\\b|\\bnav[-_]|\\bmenu\\b|[-_]menu|\\bmenu[-_]|\\bfooter|[-_]footer\\b|site-?header|page-?header-?nav|\\btop-?bar"
	"|skip-?(link|to)|screen-?reader|sr-only|visually-?hidden|visuallyhidden|\\bhidden\\b|\\bprint-only|noprint|no-print"
	"|\\btags?\\b|\\btag-?(list|cloud|links)|\\bcategor(y|ies)-?(list|links)|post-?(tags|nav|navigation)|\\bpagination|\\bpager\\b|page-?numbers|\\bwidget"
	"|\\bauthor-?(bio|box|info|card|profile)|about-?author|\\bbyline\\b|post-?meta|entry-?meta|article-?meta|\\bmeta-?info|\\bdateline\\b|\\btimestamp\\b"
	"|\\bsearch\\b|search-?(form|box)|\\btoc\\b|table-?of-?contents|\\btoolbar|\\bprev-?next|\\bjump-?(to|links?)|mw-editsection|mw-jump|\\bnavbox|catlinks|printfooter"
	"|headerlink|\\bedit-?link|\\brss\\b|\\bfollow-?us|\\bcopyright\\b|\\blegal\\b|\\bdisclaimer\\b|\\bcaption-?credit|image-?credit|\\bcredits?\\b|\\brating"
	"|cross-?sell|up-?sell|recently-?viewed|similar-?(items|products|posts)|frequently-?bought|\\bfacets?\\b|\\bfilters?\\b|[-_]filters?\\b|\\bfilter[-_]|\\brefine|\\bsort-?(by|options)"
	"|(mini|side)-?cart|cart-?drawer|wish-?list",
	/* of these alone when it is within a line */
	[NAMES_INLINE] =
	"sr-only|screen-?reader|visually-?hidden|headerlink|anchor-?(link|js)|mw-editsection|no-?print\\b|\\bfootnote-?ref|\\bshare\\b|\\bsocial\\b"
	"|\\badvert|\\btool-?tip|\\bbyline\\b|\\btimestamp\\b|\\bedit-?link|skip-?link",
	[NAMES_PICTURE] =
	"caption|\\bgallery|[-_]gallery|slide-?show|light-?box|photo-?credit|image-?(copyright|source|info)",
	[RE_LINE] =
	"^\\s*(advert(isement|isment)?s?|sponsored( content)?|share( this)?( on \\w+| (story|article|post|page))?|tweet|pin( it)?|print( this)?|e-?mail( this)?"
	"|copy link|\\d* ?(comments?|shares?|views?)|(leave|post|add) a (comment|reply)|reply|tags?:?|filed under:?.*|read (more|next|full.*)|(see|show|view|load|learn) (more|all)"
	"|more (from|on|in|about) .*|related( (articles?|stories|posts|topics|content|news))?:?|you (may|might) also like:?|recommended( for you)?|most (read|popular|viewed|recent)"
	"|(continue reading|story continues|article continues).*|(follow|like) us on .*|subscribe( now| today)?|sign (up|in)|log in|click here.*|back to (the )?top|skip to .*|loading.*"
	"|next|previous|prev|menu|search|close|advertisement - .*|photo:? .{0,20}getty.*|get short url|(read|see) more:.*|don'?t miss.*|also on .*|image copyright.*|like this story.*|caption|video|updated at .*|have a tip.*|hide caption|toggle caption|enlarge this image|please enable javascript.*)\\W*$",
	[NAMES_BODY] =
	"article-?_?(body|content|text|main)|\\bstory-?_?(body|content|text)|post-?_?(body|content|text|entry)|entry-?_?(content|body|text)"
	"|\\barticle\\b|articlebody|\\bmain-?content|\\bcontent-?(body|main|article)|\\bbody-?(text|content|copy)|page-?content|mw-parser-output|\\bmarkdown-body\\b|rst-content|\\btext-?content"
};

struct extract {
	pcre2_code *re[RE_COUNT];
};

struct names {
	const struct extract *x;
	pcre2_match_data     *md;
	struct { uint64_t hash; int kind; } seen[SEEN]; /* pages give the same names again and again */
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

struct names *
names_new(const struct extract *x)
{
	struct names *names = xcalloc(1, sizeof *names);

	names->x = x;
	names->md = pcre2_match_data_create(1, NULL);
	return names;
}

void
names_free(struct names *names)
{
	if (!names)
		return;
	pcre2_match_data_free(names->md);
	free(names);
}

/* Of one name: no pattern looks past a blank. */
static int
kind_of(struct names *names, const char *name, size_t n, int block)
{
	uint64_t hash = rng_hash(name, n, (uint64_t)block) | 1;         /* 0 is an empty place */
	size_t at = hash >> 8 & (SEEN - 1);
	int kind = 0;

	if (names->seen[at].hash == hash)
		return names->seen[at].kind;
	for (int i = 0; i < RE_NAMES; i++)
		if ((block || i == NAMES_INLINE) && pcre2_match(names->x->re[i], (PCRE2_SPTR)name, n, 0, 0, names->md, NULL) >= 0)
			kind |= 1 << i;
	names->seen[at].hash = hash;
	names->seen[at].kind = kind;
	return kind;
}

int
names_kind(struct names *names, const struct html *h, uint32_t at)
{
	static const int from[] = { ATTR_class, ATTR_id, ATTR_itemprop };
	int kind = 0, block = html_flags[h->node[at].tag] & H_BLOCK || h->node[at].tag == TAG_other;
	const char *v;

	for (size_t i = 0; i < 3 && h->node[at].n_attr; i++)
		if ((v = html_attr(h, at, from[i])))
			for (const char *end = v + strnlen(v, 512); v < end; ) {
				size_t n = strcspn(v, " \t\n\r\f");

				n = n < (size_t)(end - v) ? n : (size_t)(end - v);
				kind |= n ? kind_of(names, v, n, block) : 0;
				v += n + 1;
			}
	return kind;
}

int
names_line(struct names *names, const char *s, size_t n)
{
	return pcre2_match(names->x->re[RE_LINE], (PCRE2_SPTR)s, n, 0, 0, names->md, NULL) >= 0;
}
