#!/bin/sh
# crawl-clean on what is neither a crawl nor a page: dumps of MediaWiki, LaTeX, EPUB, books of Gutenberg.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
cc() { crawl-clean --rules=none "$@"; }
meta() { lmcat --jsonl "$1" | sed 's/.*"'"$2"'":"\{0,1\}\([^",}]*\).*/\1/' | tr '\n' ' '; }

cat >wiki.xml <<'E'
<mediawiki xml:lang="en"><siteinfo><sitename>W</sitename></siteinfo>
  <page>
    <title>Cat &amp; dog</title><ns>0</ns><id>6678</id>
    <revision><id>99</id><timestamp>2024-01-02T03:04:05Z</timestamp><contributor><username>X</username><id>7</id></contributor><model>wikitext</model>
      <text bytes="1" xml:space="preserve">{{Infobox animal
| name = Cat
| image = [[File:Cat.jpg|thumb]]
}}
The '''cat''' (''[[Felis catus]]''; {{IPA|kat}}) is a [[domestication|domesticated]] [[species]] of [[mammal]]s.&lt;ref name="a"&gt;{{cite book|title=Cats}}&lt;/ref&gt; It weighs {{convert|4|kg|lb}}&lt;ref name="a" /&gt;. See [http://x.org the site].

== Body ==
=== Size ===
[[File:A.jpg|thumb|The [[tail]] of a cat]]
Cats &amp;amp; dogs{{spaced ndash}}{{lang|de|Katzen}}. Energy is &lt;math&gt;E = mc^2&lt;/math&gt;.
* One [[item]]
** Two
* {{gone}}
# Three
{| class="wikitable"
|+ Weights
! Name !! style="x" | Weight
|-
| Tom || 4
|-
| align="left" | Kit
| 3
|}
&lt;!-- a comment --&gt;
&lt;pre&gt;
if ([[x]])
	y();
&lt;/pre&gt;
== References ==
{{reflist}}
[[Category:Cats]]
[[de:Katze]]
</text></revision>
  </page>
  <page><title>Kat</title><ns>0</ns><id>2</id><redirect title="Cat" /><revision><text>#REDIRECT [[Cat]]</text></revision></page>
  <page><title>Talk:Cat</title><ns>1</ns><id>3</id><revision><text>talk</text></revision></page>
  <page><title>Open</title><ns>0</ns><id>4</id><revision><text>It [[ends {{here</text></revision></page>
</mediawiki>
E
cat >wiki.txt <<'E'
The cat (Felis catus) is a domesticated species of mammals. It weighs 4 kg. See the site.

## Body

### Size

Cats & dogs – Katzen. Energy is $E = mc^2$.
- One item
  - Two
- Three
Weights
Name | Weight
Tom | 4
Kit | 3

```

if ([[x]])
	y();

```
It [[ends {{here
E
t 'wikitext: words, links, templates, lists, tables' 'cc --markdown wiki.xml | lmcat | diff - wiki.txt'
t 'a dump: articles only, with title, id and date' 'cc --stats=s.json -o w.lms wiki.xml && [ "$(meta w.lms id)" = "6678 4 " ] && lmcat --jsonl w.lms | grep -q "\"date\":\"2024-01-02T03:04:05Z\".*\"title\":\"Cat & dog\"" && grep -q "\"skipped\":2" s.json'
t 'a dump from the offset of a page' 'at=$(lmcat --jsonl w.lms | sed -n "2s/.*\"offset\":\([0-9]*\).*/\1/p") && [ "$(cc --from=$at wiki.xml | lmcat)" = "It [[ends {{here" ]'
t 'a dump that is cut is an error' 'head -c 1200 wiki.xml >cut.xml && exits 1 crawl-clean -o no.lms cut.xml && [ ! -e no.lms ]'
if command -v bzip2 >/dev/null; then
	t 'in bzip2' 'bzip2 -k wiki.xml && cc wiki.xml.bz2 | lmcat >a && cc wiki.xml | lmcat | cmp - a'
fi

mkdir -p paper/sec && cat >paper/main.tex <<'E'
% a comment
\documentclass[12pt]{article}
\newcommand{\R}{\mathbb{R}}
\newcommand{\eg}{e.g.}
\newcommand{\norm}[2][2]{\left\|#2\right\|_{#1}}
\def\half{{1\over2}}
\title{On \emph{Cats}\thanks{By X}}
\author{Jos\'e M\"uller \and Erd\H{o}s}
\date{2020}
\begin{document}
\maketitle
We study cats, \eg{} those of Schr\"odinger~\cite{s35}. % drop
This is ``quoted'' -- really --- 5\% of $x \in \R$.
\input{sec/one}
%\input{sec/two}
\end{document}
garbage
E
cat >paper/sec/one.tex <<'E'
\section{Introduction}\label{sec:i}
Let $\norm{x}$ and $\norm[1]{y}$ be norms \cite[p.~3]{a,b}.
\begin{equation}\label{eq:1}
 \half \norm{x}^2 = 1
\end{equation}
\begin{itemize}
\item one\footnote{A note.}
\begin{enumerate} \item deep \end{enumerate}
\end{itemize}
\iffalse gone \else kept \fi
\begin{tabular}{l|r}\hline a & b \\ \hline c & 1\,000 \\ \end{tabular}
\begin{verbatim}
if (x % 2)
	y();
\end{verbatim}
\begin{figure}\includegraphics[width=3cm]{x.png}\caption{A cat.}\end{figure}
\begin{thebibliography}{9}\bibitem{s35} S. \end{thebibliography}
\vskip 3pt The end.
E
echo 'Never read.' >paper/sec/two.tex
cat >paper.txt <<'E'
We study cats, e.g. those of Schrödinger. This is “quoted” – really — 5% of $x \in\mathbb{R}$.

Introduction

Let $\left\|x\right\|_{2}$ and $\left\|y\right\|_{1}$ be norms.
\begin{equation}
 {1\over2}\left\|x\right\|_{2}^2 = 1
\end{equation}
- one (A note.)
  - deep

kept

a | b
c | 1 000

if (x % 2)
	y();

A cat.

The end.
E
(cd paper && tar cf ../2001.tar main.tex sec/one.tex) && gzip -c 2001.tar >2001.00001.gz && gzip -c paper/sec/two.tex >2001.00002.gz &&
	printf '%%PDF-1.4' | gzip >2001.00003.gz && tar cf arxiv.tar 2001.00001.gz 2001.00002.gz 2001.00003.gz
t 'LaTeX: macros, formulas, lists, tables, listings; the parts of a paper' 'cc 2001.tar | lmcat | diff - paper.txt'
t 'what it says of itself' 'cc 2001.tar | lmcat --jsonl | grep -q "\"date\":\"2020\".*\"title\":\"On Cats\",\"author\":\"José Müller, Erdős\""'
t 'papers as archives keep them: tar and gzip in a tar' 'cc --rejects=r.lms -o a.lms arxiv.tar && [ "$(meta a.lms id)" = "2001.00001.gz/main.tex 2001.00002.gz " ] && [ "$(meta r.lms reason)" = "binary " ]'
t 'one file of LaTeX' 'cc paper/main.tex | lmcat | grep -q "We study cats, e.g. those of Schrödinger\."'
t 'macros that never end, do' 'printf "%s\n" "\\documentclass{a}\\def\\a{\\a\\a x}\\begin{document}\\a\\a word \\input{loop}\\end{document}" >loop.tex && tar cf loop.tar loop.tex && timeout 20 crawl-clean --rules=none -o x.lms loop.tar'

mkdir -p book/META-INF book/text && printf 'application/epub+zip' >book/mimetype
echo '<container><rootfiles><rootfile full-path="text/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>' >book/META-INF/container.xml
cat >book/text/book.opf <<'E'
<package xmlns:dc="x"><metadata><dc:title>The Book</dc:title><dc:creator>A. One</dc:creator><dc:creator>B. Two</dc:creator><dc:date>1901</dc:date></metadata>
<manifest><item id="b" href="two%20x.xhtml"/><item id="a" href="one.xhtml"/><item id="c" href="notes.xhtml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/></spine></package>
E
for f in one 'two x' notes; do echo "<html><head><title>x</title></head><body><h1>Chapter $f</h1><p>It was a dark night, and nobody came.</p></body></html>" >"book/text/$f.xhtml"; done
zip_=
command -v bsdtar >/dev/null && zip_='bsdtar --format=zip -cf'
[ -n "$zip_" ] || ! command -v zip >/dev/null || zip_='zip -qr'
[ -n "$zip_" ] || ! command -v python3 >/dev/null || zip_='python3 -m zipfile -c'
if [ -n "$zip_" ]; then
	(cd book && $zip_ ../book.epub mimetype META-INF text)
	t 'EPUB: a book, in the order of reading' '[ "$(cc book.epub | lmcat | grep Chapter | tr "\n" " ")" = "Chapter one Chapter two x " ]'
	t 'with its title and authors' 'cc book.epub | lmcat --jsonl | grep -q "\"id\":\"book.epub\",\"date\":\"1901\".*\"title\":\"The Book\",\"author\":\"A. One, B. Two\""'
	t 'from a pipe, within a tar' 'tar cf shelf.tar book.epub && cat shelf.tar | cc | lmcat --jsonl | grep -q "\"id\":\"book.epub\""'
	awk 'BEGIN { print "<package><manifest><item id=\"a\" href=\"one.xhtml\"/></manifest><spine>"; for (i = 0; i < 3000; i++) print "<itemref idref=\"a\"/>"; print "</spine></package>" }' >book/text/book.opf
	awk 'BEGIN { print "<p>"; for (i = 0; i < 9000; i++) print "over and over the same" }' >book/text/one.xhtml
	(cd book && rm -f ../again.epub && $zip_ ../again.epub mimetype META-INF text)
	t 'a chapter named again and again: no more memory than a page may have' 'cc --rejects=r.lms -o a.lms again.epub && [ "$(meta r.lms reason)" = "too_large " ]'
else skip 'EPUB' 'nothing to make a zip with'; fi

{ printf 'The Project Gutenberg EBook of A Book, by Me\r\n\r\nTitle: A Book\r\nAuthor: Me\r\n\r\n*** START OF THIS PROJECT GUTENBERG EBOOK A BOOK ***\r\n\r\n'
printf 'It was a dark night.\r\n\r\nThe end.\r\n\r\n*** END OF THIS PROJECT GUTENBERG EBOOK A BOOK ***\r\nLicence\r\n'; } >pg.txt
t 'a book of Gutenberg: no licence, its title' 'cc pg.txt | lmcat >x && printf "It was a dark night.\n\nThe end.\n" | diff - x && cc pg.txt | lmcat --jsonl | grep -q "\"title\":\"A Book\",\"author\":\"Me\""'
done_testing
