#!/usr/bin/env python3
"""pages.py score DATA BUILD | list DATA DIR: the main content of pages against what it is said to be

DATA holds scrapinghub (ground-truth.json, html/*.html.gz) and wcxb (metadata.json, ground-truth/*.json,
html/*.html.gz).  score: F1 by each one's own measure, four words in a row and words, and wcxb's by type.
list: the pages unpacked into DIR, and the lines that page-train reads; a fourth of the pages is a fold.
"""
# SPDX-License-Identifier: MIT
import collections, glob, gzip, json, os, re, subprocess, sys, tempfile

def pages(data):
    """Type, name, content, fold of each page."""
    gold = json.load(open(data + '/scrapinghub/ground-truth.json'))
    for i, key in enumerate(sorted(gold)):
        yield 'scrapinghub', 'scrapinghub/html/' + key, gold[key]['articleBody'], i % 4
    for path in sorted(glob.glob(data + '/wcxb/ground-truth/*.json')):
        page = json.load(open(path))
        key = os.path.basename(path)[:-5]
        kind = page.get('_internal', {}).get('page_type', {}).get('primary')
        kind = kind or json.load(open(data + '/wcxb/metadata.json'))['files'][key]['page_type']
        yield kind, 'wcxb/html/' + key, page['ground_truth'].get('main_content'), int(key) // 2 % 4

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

def score(data, build):
    by, paths = collections.defaultdict(list), {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, name, want, _ in pages(data):
            paths[unpack(data, name, folder)] = kind, want or ''
        clean = subprocess.Popen([build + '/bin/crawl-clean', '-q', '--format=html', '--rules=none', *paths], stdout=subprocess.PIPE)
        text = subprocess.run([build + '/bin/lmcat', '--jsonl'], stdin=clean.stdout, capture_output=True, check=True).stdout
        got = {os.path.basename(d['source']): d['text'] for d in map(json.loads, text.splitlines())}
        for path, (kind, want) in paths.items():
            by[kind].append(measure(got.get(os.path.basename(path), ''), want, 4 if kind == 'scrapinghub' else 1))
    news = by.pop('scrapinghub')
    print(f'scrapinghub    {len(news):4d} pages, F1 {f1(mean([p for p, _ in news]), mean([r for _, r in news])):.4f}')
    for kind, v in sorted(by.items()) + [('wcxb', sum(by.values(), []))]:
        print(f'{kind:14s} {len(v):4d} pages, F1 {mean([f1(*x) for x in v]):.4f}')

def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ('score', 'list'):
        sys.exit(__doc__)
    if sys.argv[1] == 'score':
        score(*sys.argv[2:])
        return
    for _, name, want, fold in pages(sys.argv[2]):
        if want is not None:
            print(json.dumps({'html': unpack(sys.argv[2], name, sys.argv[3]), 'text': want, 'fold': fold}, ensure_ascii=False))

main()
