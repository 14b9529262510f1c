#!/usr/bin/env python3
"""pages.py score DATA BUILD | cross DATA BUILD | list DATA DIR: the main content of pages against what it is said to be

DATA holds scrapinghub (ground-truth.json, html/*.html.gz) and wcxb (metadata.json, ground-truth/*.json,
html/*.html.gz).  score: F1 by each one's own measure, four words in a row and words, and wcxb's by type.
cross: the same of pages that were left out: the trees are learned without a fourth of the sites, whose pages are
then scored, four times; BUILD is a folder within the sources, whose tables are put back in the end.
list: the pages unpacked into DIR, and the lines that page-train reads; all pages of a site are in one fold.
"""
# SPDX-License-Identifier: MIT
import collections, glob, gzip, json, os, re, subprocess, sys, tempfile, urllib.parse, zlib

def site_fold(url):
    return zlib.crc32(re.sub(r'^www\.', '', urllib.parse.urlparse(url).netloc.lower()).encode()) % 4

def pages(data):
    """Type, name, content, fold of each page."""
    gold = json.load(open(data + '/scrapinghub/ground-truth.json'))
    for key in sorted(gold):
        yield 'scrapinghub', 'scrapinghub/html/' + key, gold[key]['articleBody'], site_fold(gold[key]['url'])
    for path in sorted(glob.glob(data + '/wcxb/ground-truth/*.json')):
        page = json.load(open(path))
        key = os.path.basename(path)[:-5]
        kind = page.get('_internal', {}).get('page_type', {}).get('primary')
        kind = kind or json.load(open(data + '/wcxb/metadata.json'))['files'][key]['page_type']
        yield kind, 'wcxb/html/' + key, page['ground_truth'].get('main_content'), site_fold(page['url'])

def unpack(data, name, folder):
    os.makedirs(folder, exist_ok=True)
    path = os.path.abspath(os.path.join(folder, name.replace('/', '-') + '.html'))
    with open(path, 'wb') as f:
        f.write(gzip.open(os.path.join(data, name + '.html.gz')).read())
    return path

def grams(text, n):
    w = re.findall(r'\w+', text if n > 1 else text.lower())
    return collections.Counter(tuple(w[i:i + n]) for i in range(max(1, len(w) - n + 1))) if w or n > 1 else collections.Counter()

def measure(got, want, n):
    """Precision, recall, whether there is any text."""
    a, b = grams(got, n), grams(want, n)
    both = sum((a & b).values())
    if not b:
        return (0., 0.) if a else (1., 1.)
    return both / max(1, sum(a.values())), both / sum(b.values())

def f1(p, r):
    return 2 * p * r / (p + r) if p + r else 0.

def mean(v):
    return sum(v) / len(v)

def measures(data, build, only=None):
    """Type, precision and recall of each page, or of those of a fold."""
    paths = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, name, want, fold in pages(data):
            if only in (None, fold):
                paths[unpack(data, name, folder)] = kind, want or ''
        clean = subprocess.Popen([build + '/bin/crawl-clean', '-q', '--format=html', '--rules=none', *paths], stdout=subprocess.PIPE)
        text = subprocess.run([build + '/bin/lmcat', '--jsonl'], stdin=clean.stdout, capture_output=True, check=True).stdout
    got = {os.path.basename(d['source']): d['text'] for d in map(json.loads, text.splitlines())}
    return [(kind, *measure(got.get(os.path.basename(path), ''), want, 4 if kind == 'scrapinghub' else 1))
            for path, (kind, want) in paths.items()]

def cross(data, build):
    tables, found = build + '/../lib/text/page/judge_tables.h', []
    learned = open(tables).read()
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/list', 'w') as f:
            list_pages(data, folder, f)
        try:
            for fold in range(4):
                made = subprocess.run([build + '/tests/bench/page-train', '-f', str(fold), folder + '/list'], capture_output=True, check=True)
                open(tables, 'wb').write(made.stdout)
                subprocess.run(['make', '-s', '-C', build, 'bin/crawl-clean'], check=True)
                found += measures(data, build, fold)
        finally:
            open(tables, 'w').write(learned)
    return found

def tell(found):
    by = collections.defaultdict(list)
    for kind, p, r in found:
        by[kind].append((p, r))
    news = by.pop('scrapinghub')
    print(f'scrapinghub    {len(news):4d} pages, F1 {f1(mean([p for p, _ in news]), mean([r for _, r in news])):.4f}')
    for kind, v in sorted(by.items()) + [('wcxb', sum(by.values(), []))]:
        f = [f1(*x) for x in v]
        print(f'{kind:14s} {len(v):4d} pages, F1 {mean(f):.4f} (standard error {(mean([x * x for x in f]) - mean(f) ** 2) ** .5 / len(f) ** .5:.4f})')

def list_pages(data, folder, out):
    for _, name, want, fold in pages(data):
        if want is not None:
            print(json.dumps({'html': unpack(data, name, folder), 'text': want, 'fold': fold}, ensure_ascii=False), file=out)

def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ('score', 'cross', 'list'):
        sys.exit(__doc__)
    if sys.argv[1] == 'list':
        list_pages(*sys.argv[2:], sys.stdout)
    else:
        tell((measures if sys.argv[1] == 'score' else cross)(*sys.argv[2:]))

main()
