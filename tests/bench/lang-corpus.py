#!/usr/bin/env python3
"""lang-corpus.py DIR UDHR REPOS - texts for lang-train: DIR/CODE from Debian's packages, DIR/CODE.prose from the Declaration of Human Rights,
DIR/CODE.text news, encyclopedias and speeches, DIR/CODE.words words as often as subtitles have them, DIR/CODE.news the same news in all of them

Packages: translations of programs, manuals and a game, word lists, and some essays for English; kept in DIR/deb.  UDHR is a folder of HTML pages
with data-code.  REPOS holds clones under their own names: UD_* of UniversalDependencies (CC BY-SA 4.0), dsfsi's gov-za-sona-multilingual (CC BY 4.0),
PuoData and za-isizulu-siswati-news-2022 (CC BY-SA 4.0), christos-c/bible-corpus (CC0), hermitdave/FrequencyWords (CC BY-SA 4.0) and
MicrosoftTranslator/NTREX (CC BY-SA 4.0).
Wants apt-get, dpkg-deb, git, and for word lists Debian's tesseract-ocr.
"""
# SPDX-License-Identifier: MIT
import collections, gzip, html, os, random, re, struct, subprocess, sys, unicodedata, zipfile

PACKAGES = """
libreoffice-l10n-{af,bg,bs,ca,cs,cy,da,de,eo,es,et,eu,fi,fr,ga,hr,hu,id,is,it,lt,lv,mk,mn,nb,nn,nl,pl,pt,pt-br,ro,ru,sk,sl,sr,st,sv,tn,tr,ts,uk,vi,xh,zu,be,kk,mr,hi,fa,ar}
libreoffice-help-{ca,cs,da,de,es,et,eu,fi,fr,hi,hu,id,it,nl,pl,pt,ru,sk,sl,sv,tr,vi}
manpages-{cs,da,de,es,fi,fr,hu,id,it,mk,nb,nl,pl,pt,pt-br,ro,ru,sr,sv,uk,vi,tr}
tesseract-ocr-{yor,msa,ind,nor,dan,bos,hrv,slv,srp,cat,ces,lat,mri,rus,swa,fil,aze}
firefox-esr-l10n-{az,bs,ms,hr,ur,mr,nn-no,nb-no,xh,tl,hi-in} gimp-help-{nn,hr,ca,sl,ro,lt}
gnome-user-docs wesnoth-1.16-data fortunes-{eo,cs,bg,ru,ga,es} anarchism
"""
NAMES = {"pt_BR": "pt", "pt-br": "pt", "nb_NO": "nb", "sr@ijekavian": "sr", "en_GB": "en", "es_419": "es", "nb-no": "nb", "nn-no": "nn", "hi-in": "hi", "C": "en"}
WORDS = {"aze": "az", "bos": "bs", "cat": "ca", "ces": "cs", "dan": "da", "fil": "tl", "hrv": "hr", "ind": "id", "lat": "la", "mri": "mi", "msa": "ms", "nor": "nb", "rus": "ru",
         "slv": "sl", "srp": "sr", "swa": "sw", "yor": "yo"}
UDHR = dict(pair.split(":") for pair in """afr:af azj_latn:az bos_latn:bs cat:ca ces:cs cym:cy dan:da deu_1996:de eng:en epo:eo spa:es est:et eus:eu fin:fi fra:fr gle:ga hrv:hr hun:hu ind:id
isl:is ita:it lat:la lat_1:la lug:lg lit:lt lav:lv mri:mi mly_latn:ms nob:nb nld:nl nno:nn pol:pl por_PT:pt por_BR:pt ron_2006:ro ron_1993:ro slk:sk slv:sl sna:sn som:so als:sq sot:st swe:sv
swh:sw tgl:tl tsn:tn tur:tr tso_ZW:ts tso_MZ:ts vie:vi xho:xh yor:yo zul:zu bel:be bul:bg kaz:kk mkd:mk khk:mn rus:ru srp_cyrl:sr ukr:uk arb:ar pes_1:fa prs_1:fa urd:ur urd_2:ur hin:hi mar:mr""".split())
CLONED = dict(pair.split(":") for pair in """UD_Afrikaans-AfriBooms:af UD_Croatian-SET:hr UD_Czech-CAC:cs UD_Danish-DDT:da UD_English-EWT:en UD_French-GSD:fr
UD_Indonesian-GSD:id UD_Irish-IDT:ga UD_Norwegian-Bokmaal:nb UD_Norwegian-Nynorsk:nn UD_Romanian-RRT:ro UD_Serbian-SET:bs UD_Russian-GSD:ru UD_Slovak-SNK:sk UD_Slovenian-SSJ:sl
UD_Swedish-Talbanken:sv UD_Indonesian-CSUI:id UD_Indonesian-PUD:id UD_Czech-PUD:cs UD_Hindi-PUD:hi UD_Marathi-UFAL:mr UD_Spanish-PUD:es
UD_Latin-LLCT:la PuoData:tn za-isizulu-siswati-news-2022:zu Zulu-NT:zu Basque-NT:eu afr:af eng:en sot:st tsn:tn tso:ts xho:xh zul:zu""".split())
NEWS = dict(pair.split(":") for pair in """afr:af aze-Latn:az bos:bs cat:ca ces:cs cym:cy dan:da deu:de eng-GB:en spa:es spa-MX:es est:et eus:eu fin:fi fra:fr gle:ga hrv:hr
hun:hu ind:id isl:is ita:it lit:lt lav:lv mri:mi msa:ms nob:nb nld:nl nno:nn pol:pl por:pt por-BR:pt ron:ro slk:sk slv:sl sna-Latn:sn som:so sqi:sq swe:sv swa:sw fil:tl
tsn:tn tur:tr vie:vi xho:xh yor:yo zul:zu bel:be bul:bg kaz:kk mkd:mk mon:mn rus:ru srp-Cyrl:sr ukr:uk arb:ar fas:fa prs:fa urd:ur hin:hi mar:mr""".split())
WORDY = dict(zip("""af ar bg bs ca cs da de en eo es et eu fa fi fr hi hr hu id is it kk lt lv mk ms nl no pl pt pt_br ro ru sk sl sq sr sv tl tr uk ur vi""".split(),
                 """af ar bg bs ca cs da de en eo es et eu fa fi fr hi hr hu id is it kk lt lv mk ms nl nb pl pt pt ro ru sk sl sq sr sv tl tr uk ur vi""".split()))
lines = collections.defaultdict(set)


def add(code, text):
    for line in text.split("\n"):
        line = re.sub(r"<[^>]*>|&\w+;|\$?\{[^}]*\}|%\d?\$?\w+|https?:\S+|[~_](?=\w)|\\f.|\\[-&]|\$\w+", "", line)
        line = " ".join(line.split())
        letters = sum(c.isalpha() for c in line)
        if letters >= 15 and letters > .6 * len(line) and line.count(" ") >= 2:
            lines[NAMES.get(code, code)].add(line)


def add_blocks(code, text, tags):
    text = re.sub(r"(?s)<script.*?</script>|<head.*?</head>", "", re.sub(r"\s*\n\s*", " ", text))
    for block in re.split(r"</?(?:" + tags + r")\b[^>]*>", text):
        add(code, html.unescape(re.sub("<[^>]*>", "", block)))


def read_mo(path, code):
    data = open(path, "rb").read()
    if len(data) < 20:
        return
    end = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    n, source, target = struct.unpack(end + "III", data[8:20])
    for i in range(n):
        length, at = struct.unpack(end + "II", data[source + 8 * i:source + 8 * i + 8])
        said = data[at:at + length].split(b"\4")[-1].split(b"\0")
        if not length:
            continue
        length, at = struct.unpack(end + "II", data[target + 8 * i:target + 8 * i + 8])
        for text in data[at:at + length].split(b"\0"):
            if text not in said:
                add(code, text.decode("utf8", "ignore"))
        if "wesnoth" in path and code == "de":
            add("en", said[0].decode("utf8", "ignore"))


def read_file(path, package):
    name = os.path.basename(path)
    if m := re.search(r"/([^/]+)/LC_MESSAGES/.*\.mo$", path):
        read_mo(path, m[1])
    elif "/man/" in path and name.endswith(".gz"):
        code = path.split("/man/")[1].split("/")[0]
        for line in gzip.open(path).read().decode("utf8", "ignore").split("\n"):
            if not line.startswith((".", "'")):
                add("en" if code.startswith("man") else code.split(".")[0], line.replace("\\-", "-"))
    elif name.endswith(".xpi"):
        archive = zipfile.ZipFile(path)
        for member in archive.namelist():
            for line in archive.read(member).decode("utf8", "ignore").split("\n") if member.endswith((".ftl", ".properties")) else ():
                if not line.startswith("#") and (m := re.match(r"\s*[\w.-]*\s*=\s*(.*)", line) or re.match(r"\s+(\S.*)", line)):
                    add(re.search(r"langpack-([\w-]+)@", name)[1].lower(), m[1])
    elif name.endswith((".page", ".xml")) and package == "gnome-user-docs":
        add_blocks(path.split("/help/")[1].split("/")[0], open(path, errors="ignore").read(), "p|title|desc|item|media|section|page|note|list|steps")
    elif name.endswith(".html") and (m := re.match(r"(?:libreoffice|gimp)-help-([a-z-]+)", package)):
        add_blocks(m[1], open(path, errors="ignore").read(), r"p|h\d|li|td|th|div|tr|dt|dd|br")
    elif name.endswith(".html") and package == "anarchism":
        add_blocks("en", re.sub(r"([.?!]) ", r"\1<p>", open(path, errors="ignore").read()), "p")
    elif "/fortunes/" in path and not name.endswith((".dat", ".u8")):
        add(package.split("-")[1], open(path, errors="ignore").read().replace("\n%\n", "\n"))


def add_words(folder):
    english = {w for line in lines["en"] for w in re.findall("[a-z]+", line.lower())}
    for path in sorted(os.path.join(r, f) for r, _, fs in os.walk(folder) for f in fs if f.endswith(".traineddata")):
        base = path[:-len("traineddata")]
        subprocess.run(["combine_tessdata", "-u", path, base], capture_output=True)
        subprocess.run(["dawg2wordlist", base + "lstm-unicharset", base + "lstm-word-dawg", base + "words"], capture_output=True)
        words = [w for w in open(base + "words", errors="ignore").read().split("\n") if len(w) > 1 and w.islower() and w not in english
                 and all(c.isalpha() or unicodedata.combining(c) for c in w)]
        words = random.Random(1).sample(sorted(words), min(len(words), 40000))
        for i in range(0, len(words), 12):
            lines[WORDS[os.path.basename(base)[:-1]]].add(" ".join(words[i:i + 12]))


def prose(folder, out):
    texts = collections.defaultdict(list)
    for name in sorted(os.listdir(folder)):
        page = open(os.path.join(folder, name)).read()
        code = UDHR.get(re.search(r'data-code="([^"]*)"', page)[1])
        for block in re.findall(r"(?s)<(?:p|li|h\d)[^>]*>(.*?)</(?:p|li|h\d)>", page) if code else ():
            text = " ".join(html.unescape(re.sub("<[^>]*>", "", block)).split())
            apart = unicodedata.normalize("NFD", text)
            texts[code].append(text)
            if code == "yo":        # whose accents many leave out, or all but the dots
                texts[code].append("".join(c for c in apart if not unicodedata.combining(c)))
                texts[code].append("".join(c for c in apart if c not in "\u0300\u0301\u0304"))
    for code, blocks in texts.items():
        open(os.path.join(out, code + ".prose"), "w").write("".join(b + "\n" for b in blocks if len(b) > 15))


def git(repo, *args):
    return subprocess.run(["git", "-C", repo, *args], capture_output=True, text=True, check=True).stdout


def news(folder, out):
    """What was translated from English for WMT 2019 and NTREX-128, some of it twice."""
    texts = collections.defaultdict(str)
    for name, code in NEWS.items():
        texts[code] += git(os.path.join(folder, "NTREX"), "show", f"HEAD:NTREX-128/newstest2019-ref.{name}.txt")
    for code, text in texts.items():
        open(os.path.join(out, code + ".news"), "w").write("".join(line.strip() + "\n" for line in text.split("\n") if line.strip()))


def counts_of(folder, name):
    repo = os.path.join(folder, "FrequencyWords")
    listed = [path for path in (f"content/2018/{name}/{name}_{size}.txt" for size in ("50k", "full")) if git(repo, "ls-tree", "HEAD", path)][0]
    return {row.split()[0]: int(row.split()[1]) for row in git(repo, "show", "HEAD:" + listed).split("\n") if row.count(" ") == 1}


def ijekavian(serbian, croatian):
    """Words of Serbian as Bosnian has them, vreme: vrijeme; there is little free Bosnian text, and but for the sounds it is near to Serbian in Latin letters."""
    more = sum(croatian.values()) / sum(serbian.values())
    pairs = ((re.sub("i?je", "e", word), word) for word in sorted(croatian, key=croatian.get) if "je" in word)
    return {short: word for short, word in pairs if serbian.get(short, 0) * more > 5 * croatian.get(short, 0)}


def cloned(folder, out):
    """Of treebanks what they test with, which is enough; of other repositories each text of a language wanted."""
    wanted = re.compile(r"[a-z]+_[a-z]+-ud-(?:dev|test)\.conllu|data/raw/SONA.*/([a-z]{3})\.txt|bibles/(.*)\.xml|dataset/tn-docs-test.*\.txt|data/isizulu-titles-all.*\.csv")
    texts = collections.defaultdict(set)
    for name in sorted(os.listdir(folder)):
        repo = os.path.join(folder, name)
        for path in git(repo, "ls-tree", "-r", "--name-only", "HEAD").split("\n"):
            m = wanted.fullmatch(path)
            if m and (code := CLONED.get(m[1] or m[2] or name)):
                text = git(repo, "show", "HEAD:" + path)
                if path.endswith(".conllu"):
                    text = "".join(re.findall(r"(?m)^# text = (.*\n)", text))
                elif path.endswith(".csv"):
                    text = "".join(row.split(",")[1] + "\n" for row in text.split("\n")[1:] if "," in row)
                text = re.sub(r"<[^>]*>|\t", " ", re.sub(r"(?<=\w[.?!;])(?=[A-Z])", "\n", text))
                texts[code].update(line for line in text.split("\n") if sum(c.isalpha() for c in line) > 15)
    serbian = counts_of(folder, "sr")
    bosnian = ijekavian(serbian, counts_of(folder, "hr"))
    texts["bs"] = {re.sub(r"\w+", lambda m: bosnian.get(m[0].lower(), m[0]), line) for line in texts["bs"]}
    for code, found in texts.items():
        open(os.path.join(out, code + ".text"), "w").write("".join(line.strip() + "\n" for line in sorted(found)))
    for name, code in WORDY.items():
        counts = counts_of(folder, name) if name != "bs" else {bosnian.get(word, word): n for word, n in serbian.items()}
        drawn = random.Random(1).choices(list(counts), list(counts.values()), k=120000)
        with open(os.path.join(out, code + ".words"), "a" if name == "pt_br" else "w") as f:
            f.writelines(" ".join(drawn[i:i + 12]) + "\n" for i in range(0, len(drawn), 12))


out, udhr, repos = sys.argv[1:]
deb = os.path.join(out, "deb")
os.makedirs(deb, exist_ok=True)
packages = subprocess.run(["bash", "-c", "echo " + " ".join(PACKAGES.split())], capture_output=True, text=True, check=True).stdout.split()
subprocess.run(["apt-get", "download", "-q"] + packages, cwd=deb, check=True, stdout=subprocess.DEVNULL)
for archive in sorted(f for f in os.listdir(deb) if f.endswith(".deb")):
    package = archive.split("_")[0]
    tree = os.path.join(deb, "tess" if package.startswith("tesseract") else package)
    os.makedirs(tree, exist_ok=True)
    subprocess.run(["dpkg-deb", "-x", os.path.join(deb, archive), tree], check=True)
    for root, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.islink(path) and os.path.isfile(path):
                read_file(path, package)
add_words(os.path.join(deb, "tess"))
for code in set(UDHR.values()) & set(lines):
    open(os.path.join(out, code), "w").write("".join(line + "\n" for line in sorted(lines[code])))
prose(udhr, out)
cloned(repos, out)
news(repos, out)
