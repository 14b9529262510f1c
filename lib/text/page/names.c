/* names - what an element is for, judged by its class, id and itemprop; what a short line says */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/page/names.h"
#include "text/literals.h"
#include "text/page/extract.h"
#include <pcre2.h>
#include <stdlib.h>

#define NAME_MAX_LEN 512        /* bytes of an attribute that are looked at */

/* Judged by each name in class, id and itemprop of an element. */
static const char *const names[] = {
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
	[NAMES_BODY] =
	"article-?_?(body|content|text|main)|\\bstory-?_?(body|content|text)|post-?_?(body|content|text|entry)|entry-?_?(content|body|text)"
	"|\\barticle\\b|articlebody|\\bmain-?content|\\bcontent-?(body|main|article)|\\bbody-?(text|content|copy)|page-?content|mw-parser-output|\\bmarkdown-body\\b|rst-content|\\btext-?content",
	/* of no consequence by themselves: text/page/judge.c weighs them */
	[NAMES_PERSON] = "user|author|member|avatar|profile|poster|signature|badge|\\brank|joined|reputation",
	[NAMES_CARD] = "\\bcards?\\b|[-_]cards?|\\bitems?\\b|[-_]items?|\\btiles?\\b|[-_]tiles?|result|\\bgrid|[-_]grid|teaser|listing|\\bcol[-_]|carousel|slide|swiper",
	[NAMES_GOODS] = "product|price|\\bsku|\\bcart|quantity|\\bbuy|stock|shipping|delivery|\\bshop",
	[NAMES_REVIEW] = "review|rating|testimonial|\\bstars?\\b|feedback|question|\\bq(-?and-?)?a\\b",
	[NAMES_POST] = "\\bposts?\\b|[-_]posts?|message|thread|topic|answer|reply|\\bvotes?",
	[NAMES_CHOICE] = "option|select|swatch|variant|filter|facet|\\bsort|dropdown|button|\\bbtn|[-_]btn|toggle|checkbox|\\bcta",
	[NAMES_TITLE] = "title|heading|\\bheader|[-_]header|hero|intro|headline|lead\\b",
	[NAMES_DETAIL] = "detail|description|\\bdesc\\b|[-_]desc\\b|spec(s|ification)|feature|accordion|\\btabs?\\b|[-_]tabs?\\b|\\bfaq|\\brte\\b|\\bcopy\\b|summary|excerpt|collaps",
	[NAMES_STAMP] = "date|time|stats?\\b|count|\\bmeta|[-_]meta|\\binfo|action|label"
};

/* A short block's text. */
static const char short_line[] =
	"^\\s*(advert(isement|isment)?s?|sponsored( content)?|share( this)?( on \\w+| (story|article|post|page))?|tweet|pin( it)?|print( this)?|e-?mail( this)?"
	"|copy link|\\d* ?(comments?|shares?|views?)|(leave|post|add) a (comment|reply)|reply|tags?:?|filed under:?.*|read (more|next|full.*)|(see|show|view|load|learn) (more|all)"
	"|more (from|on|in|about) .*|related( (articles?|stories|posts|topics|content|news))?:?|you (may|might) also like:?|recommended( for you)?|most (read|popular|viewed|recent)"
	"|(continue reading|story continues|article continues).*|(follow|like) us on .*|subscribe( now| today)?|sign (up|in)|log in|click here.*|back to (the )?top|skip to .*|loading.*"
	"|next|previous|prev|menu|search|close|advertisement - .*|photo:? .{0,20}getty.*|get short url|(read|see) more:.*|don'?t miss.*|also on .*|image copyright.*|like this story.*|caption|video|updated at .*|have a tip.*|hide caption|toggle caption|enlarge this image|please enable javascript.*)\\W*$";

struct extract {
	struct literals *names;
	pcre2_code      *line;
};

struct extract *
extract_new(struct err *err)
{
	struct extract *x = xcalloc(1, sizeof *x);
	int code;
	PCRE2_SIZE at;

	if (!(x->names = literals_new(names, sizeof names / sizeof *names, err))) {
		extract_free(x);
		return NULL;
	}
	x->line = pcre2_compile((PCRE2_SPTR)short_line, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_NEVER_UTF, &code, &at, NULL);
	if (!x->line) {
		err_set(err, "the pattern of short lines: error %d at %zu", code, (size_t)at);
		extract_free(x);
		return NULL;
	}
	pcre2_jit_compile(x->line, PCRE2_JIT_COMPLETE); /* without it, it is only slower */
	return x;
}

void
extract_free(struct extract *x)
{
	if (!x)
		return;
	literals_free(x->names);
	pcre2_code_free(x->line);
	free(x);
}

unsigned
names_kind(const struct extract *x, const struct html *h, uint32_t at)
{
	const struct html_node *e = &h->node[at];
	int block = html_flags[e->tag] & H_BLOCK || e->tag == TAG_other;
	unsigned kind = 0;

	for (uint32_t i = e->attr; i < e->attr + e->n_attr; i++) {
		const struct html_attr *a = &h->attr[i];

		if (a->name == ATTR_class || a->name == ATTR_id || a->name == ATTR_itemprop)
			kind |= literals_find(x->names, a->v, a->n < NAME_MAX_LEN ? a->n : NAME_MAX_LEN);
	}
	return block ? kind : kind & 1 << NAMES_INLINE;
}

int
names_line(const struct extract *x, const char *s, size_t n)
{
	pcre2_match_data *md = pcre2_match_data_create(1, NULL);
	int is = pcre2_match(x->line, (PCRE2_SPTR)s, n, 0, 0, md, NULL) >= 0;

	pcre2_match_data_free(md);
	return is;
}
