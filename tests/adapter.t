#!/bin/sh
# Adapters: one result for every split, thread count and interruption; peft's files; merged and apart; memory; refusals.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
for p in train-vocab tokenize shard init-model eval-ppl convert-model rlhf-step lmcat; do
	have $p || { echo "1..0 # SKIP no $p"; exit 0; }
done
fixtures 2>/dev/null
export OMP_WAIT_POLICY=passive
ts() { train-step -q -m model.safetensors "$@"; }
key() { sed -n "$2s/.*\"$1\":\([^,}]*\).*/\1/p" "$3"; }
near() { awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= r) }'; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a < b) }'; }
loss() { eval-ppl --json -m "$@" train.lms >j && key loss 1 j; }
same() { cmp $1/adapter_model.safetensors $2/adapter_model.safetensors && cmp $1/adapter_config.json $2/adapter_config.json; }
says() { grep -q -- "$1" .err; }

# ---- one result
run='--lora=4,8 --lr=1e-2'
t 'a run' 'ts -n 4 -B 8 -t 1 $run -o a --log=log train.lms && below $(key loss 4 log) $(key loss 1 log)'
t 'it begins where the model is' 'near "$(key loss 1 log)" "$(eval-ppl -m model.safetensors -n 8 --json train.lms >j; key loss 1 j)" 2e-6'
t 'two threads: the same bytes' 'ts -n 4 -B 8 -t 2 $run -o b train.lms && same a b'
t '-B 1 --accum=8: the same bytes' 'ts -n 4 -B 1 --accum=8 $run -o b/ train.lms && same a b'
t '--recompute: the same bytes' 'ts -n 4 -B 8 $run --recompute -o b train.lms && same a b'
t 'another seed: others' 'ts -n 4 -B 8 $run -S 1 -o b train.lms && ! same a b 2>/dev/null'
t 'the model is as it was' 'ts -n 4 -B 8 $run -o model2 train.lms && same a model2 && [ ! -d model.safetensors ]'
t 'taken up again: the same bytes' 'ts -n 1 $run -s s.st -o b train.lms && ts -n 3 $run -s s.st -o b train.lms && ts -n 4 -B 4 --accum=2 $run -s s.st -o b train.lms && same a b'
t 'the state holds the adapter alone' 'lmcat --head s.st >h 2>/dev/null || head -c 20000 s.st >h; ! grep -q "embed_tokens" h && [ $(wc -c <s.st) -lt $((4 * $(wc -c <a/adapter_model.safetensors))) ]'
t 'bottlenecks' 'ts -n 4 --adapter=6 --lr=1e-2 -o bn --log=lb train.lms && below $(key loss 4 lb) $(key loss 1 lb) && below "$(loss bn)" "$(loss model.safetensors)"'
t 'bottlenecks: what sample draws has the probabilities that training sees' 'ts -n 30 --epochs=9 --adapter=6 --lr=3e-2 -o bl train.lms && for q in "-t 1 -k 40" "-t 2 -k 40 -B 3"; do sample -q -m bl -n 6 -S 1 $q --roll -o rolls.lms prompts.txt && rank-pairs -q --verify="sed s/.*/1/" -m model.safetensors -o sc.lms rolls.lms &&
	rlhf-step -q --algo=reinforce --lr=0 -m bl -o b2 --log=lg sc.lms || exit 1; done; sample -q --greedy -n 9 -m bl prompts.txt >x; sample -q --greedy -n 9 -m model.safetensors prompts.txt >y; ! cmp -s x y && sample -q --quant=q8 -n 9 -m bl prompts.txt'
t 'LoRA with Muon and dropout' 'ts -n 2 $run --optimizer=muon --dropout=0.1 -o mu train.lms && [ -e mu/adapter_model.safetensors ]'

# ---- virtual tokens
for k in prompt prefix; do
	t "--$k: one result for every split" "ts -n 4 -B 8 -t 1 --$k=5 --lr=3e-2 -o w$k --log=lv train.lms && ts -n 4 -B 2 --accum=4 -t 2 --$k=5 --lr=3e-2 --recompute -o v2 train.lms && same w$k v2"
	t "--$k: it learns" "ts -n 30 --epochs=9 --$k=5 --lr=3e-2 -o v$k --log=lv train.lms && below \"\$(key loss 30 lv)\" \"\$(awk -v l=\$(key loss 1 lv) 'BEGIN { print l - .01 }')\""
	t "--$k: taken up again" "ts -n 2 --$k=5 -s v$k.st -o v3 train.lms && ts -n 4 --$k=5 -s v$k.st -o v3 train.lms && ts -n 4 --$k=5 -o v2 train.lms && same v2 v3"
	t "--$k: what sample draws has the probabilities that training sees" "sample -q -m v$k -n 6 -k 4 -S 1 --roll -o rolls.lms prompts.txt && rank-pairs -q --verify='sed s/.*/1/' -m model.safetensors -o sc.lms rolls.lms &&
		rlhf-step -q --algo=reinforce --lr=0 -m v$k -o v2 --log=lg sc.lms && cmp v$k/adapter_config.json v2/adapter_config.json"
	t "--$k: no weights can hold it" "exits 1 convert-model v$k -o no && says virtual && exits 1 convert-model --merge=v$k model.safetensors -o no && [ ! -e no ]"
	t "--$k: no more than the context" "exits 1 ts --$k=64 -o no train.lms && exits 1 ts --$k=40 -o no train.lms && says context"
done
t '--prompt-text: begins otherwise' 'exits 2 ts --prompt-text=x -o no train.lms &&
	ts -n 1 -B 1 -T 8 --lr=0 --prompt=4 --prompt-text="The cat number" -o v2 --log=l1 toks.lms && ts -n 1 -B 1 -T 8 --lr=0 --prompt=4 -o v3 --log=l2 toks.lms && ! near "$(key loss 1 l1)" "$(key loss 1 l2)" 0'
t 'with documents each for itself' 'ts -n 3 --doc-mask --prompt=4 --lr=3e-2 -o v2 train.lms && train-step -q -m v2 -n 1 --doc-mask -o v3 train.lms'
t 'names and shapes are those of peft, too' 'head -c 3000 vprompt/adapter_model.safetensors | grep -aq "\"prompt_embeddings\":{\"dtype\":\"F32\",\"shape\":\[5,32\]" &&
	head -c 3000 vprefix/adapter_model.safetensors | grep -aq "\"prompt_embeddings\":{\"dtype\":\"F32\",\"shape\":\[5,128\]" && grep -q "PREFIX_TUNING.*\"num_virtual_tokens\":5" vprefix/adapter_config.json'

# ---- files
t 'names and shapes are those of peft' 'head -c 9000 a/adapter_model.safetensors | grep -aq "\"base_model.model.model.layers.1.mlp.down_proj.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":\[4,64\]" &&
	head -c 9000 a/adapter_model.safetensors | grep -aq "\"base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":\[32,4\]"'
t 'and so is the configuration' 'for k in "\"peft_type\":\"LORA\"" "\"r\":4" "\"lora_alpha\":8" "\"target_modules\":\[\"q_proj\",\"k_proj\",\"v_proj\",\"o_proj\",\"gate_proj\",\"up_proj\",\"down_proj\"\]" \
	"\"base_model_name_or_path\":\"model.safetensors\"" "\"fan_in_fan_out\":false"; do grep -q "$k" a/adapter_config.json || exit 1; done'
t 'targets by pattern, in some layers: named in full' 'ts -n 1 --lora=2 --lora-targets="layers.1.*[qv]_proj" -o some train.lms &&
	grep -q "\"target_modules\":\[\"model.layers.1.self_attn.q_proj\",\"model.layers.1.self_attn.v_proj\"\]" some/adapter_config.json && [ -n "$(loss some)" ]'
sed 's/"hidden_size":32/"n_embd":32/; s/"num_hidden_layers"/"n_layer"/; s/"num_attention_heads"/"n_head"/; s/"max_position_embeddings"/"n_positions"/; s/llama/gpt2/; s/"hidden_act":"silu"/"activation_function":"gelu_new"/; s/"intermediate_size":64/"n_inner":64/' config.json >gpt2.json
t 'GPT-2: c_proj twice' 'init-model -q --config=gpt2.json -w vocab.json -o gpt2.safetensors && train-step -q -m gpt2.safetensors -n 2 --lora=2 -o g train.lms &&
	grep -q "\"fan_in_fan_out\":true" g/adapter_config.json && grep -q "\[\"attn.c_attn\",\"attn.c_proj\",\"mlp.c_fc\",\"mlp.c_proj\"\]" g/adapter_config.json &&
	convert-model --merge=g gpt2.safetensors -o gm.safetensors && near "$(loss g)" "$(loss gm.safetensors)" 1e-5'
t 'GPT-2: virtual tokens, up to the end of its positions' 'train-step -q -m gpt2.safetensors -n 2 -T 32 --prompt=20 --lr=3e-2 -o gv train.lms && echo The >the.txt &&
	sample -q -m gv -n 41 -k 3 -S 1 --roll -o rolls.lms the.txt && lmcat rolls.lms | head -1 && rank-pairs -q --verify="sed s/.*/1/" -m gpt2.safetensors -o sc.lms rolls.lms &&
	rlhf-step -q --algo=reinforce --lr=0 -m gv -o gv2 sc.lms'
t 'what peft adds to the configuration is no hindrance' 'mkdir p && cp a/adapter_model.safetensors p &&
	sed "s/^{/{\"auto_mapping\":null,\"use_dora\":false,\"rank_pattern\":{},\"modules_to_save\":null,\"loftq_config\":{},\"layers_pattern\":null,/" a/adapter_config.json >p/adapter_config.json && [ "$(loss p)" = "$(loss a)" ]'

t 'as GGUF for llama.cpp' 'convert-model --adapter a -o a.gguf && for k in general.type adapter.type adapter.lora.alpha blk.1.attn_q.weight.lora_a blk.0.ffn_down.weight.lora_b; do grep -aq $k a.gguf || exit 1; done &&
	n=$(od -An -tu8 -j8 -N8 a.gguf) && [ $n = 28 ] && [ $(($(wc -c <a.gguf) - $(wc -c <a/adapter_model.safetensors))) -lt 1000 ] &&
	exits 1 convert-model --adapter model.safetensors -o no.gguf && exits 1 convert-model --adapter bn -o no.gguf && exits 2 convert-model --adapter a -o no'

# ---- apart and merged
t 'merged, logits move by rounding alone' 'convert-model --merge=a model.safetensors -o m.safetensors && sed -n "s/.*max |delta logit| //p" .err >d && below "$(cat d)" 1e-5'
t 'merged and apart: one loss, no divergence' 'near "$(loss a)" "$(loss m.safetensors)" 1e-6 && eval-ppl --json --kl=a -m m.safetensors train.lms >j && near "$(key kl 1 j)" 0 1e-6'
t 'rsLoRA: another factor' 'sed "s/\"use_rslora\":false/\"use_rslora\":true/" a/adapter_config.json >p/adapter_config.json && [ "$(loss p)" != "$(loss a)" ] &&
	convert-model -q --merge=p model.safetensors -o m2.safetensors && near "$(loss p)" "$(loss m2.safetensors)" 1e-6'
t 'the folder stands for the model' 'convert-model a -o m3.safetensors && near "$(loss m3.safetensors)" "$(loss a)" 1e-6 && lmcat a | grep -q "train-step --lora=4,8" && sample -q -m a -n 3 prompts.txt >x && [ -s x ]'
t 'also from elsewhere, where it lies beside it' 'mkdir el && cp model.safetensors el/m && (cd el && train-step -q -m m -n 1 --lora=2 -o ad ../train.lms && mv m ad) && [ -n "$(loss el/ad)" ]'
t '-m FOLDER goes on with it' 'cp -r a c && train-step -q -m c -n 2 --lr=1e-2 train.lms && ! same a c 2>/dev/null && below "$(loss c)" "$(loss a)"'
t 'workers on an adapter' 'train-step --grads -q -m a -B 8 -n 1 train.lms >ga && train-step --apply -q -m a --lr=1e-2 -o w ga && train-step -q -m a -B 8 -n 1 --lr=1e-2 -o w2 train.lms && near "$(loss w)" "$(loss w2)" 1e-9'

# ---- preferences
pairs='--algo=dpo -m model.safetensors --lora=4 --lr=1e-2 -B 2'
t 'DPO' 'rlhf-step -q $pairs -o d1 -t 1 --epochs=3 --log=ld pairs.jsonl && near "$(key loss 1 ld)" 0.693147 1e-5 && below "$(key loss 9 ld)" 0.65'
t 'in two goes: the same bytes' 'rlhf-step -q $pairs -n 2 -s r.st -o d2 --epochs=3 --save-every=1 pairs.jsonl && rlhf-step -q $pairs -s r.st -o d2 --epochs=3 -t 2 pairs.jsonl && same d1 d2'
t 'GRPO, of rollouts of the adapter' 'sample -q -m d1 -n 4 -k 4 -S 1 --roll -o rolls.lms prompts.txt && rank-pairs -q --verify="awk '\''{ print length % 5 }'\''" -m model.safetensors -o scored.lms rolls.lms &&
	rlhf-step -q --algo=grpo -m d1 -o d3 --lr=1e-3 --log=lg scored.lms && near "$(key ratio_max 1 lg)" 1 1e-4 && near "$(key kl 1 lg)" 0 1e-6 && ! same d1 d3 2>/dev/null'
t '--freeze' 'rlhf-step -q --algo=dpo -m model.safetensors --freeze="^(?!model.norm)" --lr=1e-2 -o fr.safetensors pairs.jsonl && eval-ppl --json --kl=model.safetensors -m fr.safetensors train.lms >j'

# ---- memory: 17 million weights, of which LoRA moves few
sed 's/"hidden_size":32/"hidden_size":384/; s/"intermediate_size":64/"intermediate_size":1536/; s/"num_hidden_layers":2/"num_hidden_layers":7/' config.json >mid.json
init-model -q --config=mid.json -w vocab.json -o mid.safetensors
w=$(wc -c <mid.safetensors)
mid() { train-step -q -m mid.safetensors -n 2 -B 1 --log="$@" train.lms; }
mid lf -o f.safetensors
t 'memory is that of the model, not of gradients and moments' 'mid ll --lora=4 -o f && echo "whole $(key rss 2 lf), LoRA $(key rss 2 ll), weights $w" >&2 && below "$(key rss 2 ll)" $(($(key rss 2 lf) - 2 * w))'
t 'nor of those of frozen weights' 'mid lz --freeze="^(?!model.norm)" -o f.safetensors && echo "whole $(key rss 2 lf), frozen $(key rss 2 lz), weights $w" >&2 && below "$(key rss 2 lz)" $(($(key rss 2 lf) - 2 * w))'
rm -f mid.safetensors f.safetensors

# ---- refusals
t 'another model' 'init-model -q --config=config.json -w vocab.json -S 9 -o other.safetensors && exits 1 convert-model --merge=a other.safetensors -o no && says "other weights" && [ ! -e no ]'
t 'a state of another adapter' 'exits 1 ts -n 6 --lora=8 -s s.st -o b train.lms && says "another shape"'
t 'bottlenecks are not to be merged' 'exits 1 convert-model --merge=bn model.safetensors -o x && says LoRA && exits 1 convert-model bn -o x && says LoRA'
for bad in 's/"LORA"/"VERA"/' 's/"r":4/"r":5/' 's/"bias":"none"/"bias":"all"/' 's/"r":4/"r":0/' 's/"r":4/"r":4294967300/' 's/^{/{"use_dora":true,/' 's/}$//'; do
	t "a configuration like $bad" 'sed "$bad" a/adapter_config.json >p/adapter_config.json; exits 1 eval-ppl -m p train.lms && says p'
done
t 'weights that are damaged' 'cp a/adapter_config.json p && head -c 3000 a/adapter_model.safetensors >p/adapter_model.safetensors && exits 1 eval-ppl -m p train.lms'
t 'an adapter upon an adapter' 'exits 1 train-step -m a --lora=2 -o x train.lms && says "already"'
t 'no such module, no pattern' 'exits 1 ts --lora=2 --lora-targets=nothing -o no train.lms && exits 1 ts --lora=2 --lora-targets="(" -o no train.lms && [ ! -e no ]'
t 'a file is no place for an adapter' 'exits 1 ts --lora=2 -o vocab.json train.lms && says folder && exits 1 ts --lora=2 -o - train.lms'
t 'usage' 'exits 2 ts --lora=2 train.lms && exits 2 ts --lora=0 -o x train.lms && exits 2 ts --lora=2,x -o x train.lms && exits 2 ts --rslora -o x train.lms && exits 2 ts --lora=2 --adapter=2 -o x train.lms &&
	exits 2 rlhf-step --lora=2 -m model.safetensors pairs.jsonl'
done_testing
