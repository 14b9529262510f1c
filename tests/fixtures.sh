# shellcheck shell=sh
# fixtures.sh - small inputs of every kind, made by the programs themselves.
# A test sources this and calls `fixtures` in an empty folder.  The names are those that the man pages use:
# text.txt docs.jsonl page.html crawl.warc docs.lms vocab.json toks.lms train.lms model.safetensors chat.jsonl prompts.txt
# pairs.jsonl items.jsonl ...; a program that is not built yet leaves its files out.
# SPDX-License-Identifier: MIT
have() { command -v "$1" >/dev/null 2>&1; }
fixtures() {
	i=0
	while [ $i -lt 40 ]; do
		i=$((i + 1))
		echo "The cat number $i sat on the mat and looked at the $((i % 7)) birds. It was a warm day, and nobody came."
	done >text.txt
	awk '{ printf "{\"text\":\"%s\",\"id\":\"d%d\"}\n", $0, NR }' text.txt >docs.jsonl
	printf 'The cat\nIt was\n' >prompts.txt
	cat >page.html <<-'PAGE'
	<html><head><title>A day</title></head><body><nav><a href="/">Home</a> <a href="/a">About</a></nav>
	<article><h1>A day</h1><p>The cat sat on the mat and looked at the birds for a long while, and then it slept.</p>
	<p>Nobody came to the house on that day, and the birds went away when the evening was cold.</p></article>
	<footer>Copyright</footer></body></html>
	PAGE
	printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: http://example.org/\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n' \
		$(($(wc -c <page.html) + 44)) >crawl.warc
	{ printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n'; cat page.html; printf '\r\n\r\n'; } >>crawl.warc
	for q in 1 2 3 4 5 6; do
		printf '{"messages":[{"role":"user","content":"Say %d."},{"role":"assistant","content":"%d"}],"answer":"%d"}\n' $q $q $q
	done >chat.jsonl
	for q in 1 2 3 4 5 6; do
		printf '{"prompt":"Say %d.","chosen":"%d","rejected":"no"}\n' $q $q
	done >pairs.jsonl
	awk 'BEGIN { for (c = 0; c < 4; c++) for (k = -3; k <= 3; k++) { C = 1e15 * 4 ^ c; N = 1.2e6 * 2 ^ c * 1.5 ^ k; D = C / 6 / N
		printf "{\"params\":%.9g,\"tokens\":%.9g,\"loss\":%.9f}\n", N, D, 1.5 + 60 / N ^ .3 + 300 / D ^ .35 } }' >runs.jsonl
	for q in 1 2 3 4 5 6; do
		printf '{"query":"The cat number %d sat on the","choices":["mat","birds and the day"],"gold":%d}\n' $q $((q % 2))
	done >items.jsonl
	printf '{"item":"0000000%d","order":"1>2"}\n{"item":"0000000%d","response":1,"overall":4}\n' 1 1 2 2 >ann.jsonl
	sed '3s/1>2/2>1/; 4s/4/5/' ann.jsonl >ben.jsonl
	lmcat --from-jsonl -o docs.lms docs.jsonl
	have train-vocab && train-vocab --size=320 '--special=<|endoftext|>,<|im_start|>,<|im_end|>' -o vocab.json docs.jsonl
	have tokenize && [ -e vocab.json ] && tokenize -w vocab.json --eot -o toks.lms docs.jsonl
	have shard && [ -e toks.lms ] && shard -T 32 -o train.lms toks.lms
	printf '%s\n' '{"model_type":"llama","hidden_size":32,"intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":2,"num_key_value_heads":2,"vocab_size":320,"max_position_embeddings":64,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu","tie_word_embeddings":true}' >config.json
	sed 's/"hidden_size":32/"hidden_size":64/; s/"intermediate_size":64/"intermediate_size":150/; s/hidden_layers":2/hidden_layers":3/; s/_heads":2/_heads":5/g; s/"max_position/"head_dim":16,&/' config.json >wide.json
	have init-model && [ -e vocab.json ] && init-model --config=config.json -w vocab.json --chat=chatml -o model.safetensors
	:
}
