# SPDX-License-Identifier: Apache-2.0
# What jmhactl savepoint show --json --files says, as flink/ReadMetadata.java says it: facts, one a
# line, each behind the path of its file.
def handles: to_entries | sort_by(.key) | map("\(.key)=\(.value)") | "{\(join(", "))}";
.path as $path
| (
	"checkpoint \(.checkpoint_id)",
	"kind \(.kind)",
	"master states \(.master_states)",
	(.operators[]
		| ("operator \(.id) parallelism \(.parallelism) of \(.max_parallelism) subtasks \(.subtasks)"
			+ " finished \(.finished_subtasks) \(.finished) state \(.has_state)"
			+ " coordinator \(.state.coordinator) operator \(.state.operator) \(.state.operator_raw)"
			+ " keyed \(.state.keyed) \(.state.keyed_raw)"
			+ " channels \(.state.input_channels) \(.state.output_channels) handles \(.handles | handles)"),
		(select(.uid != null or .name != null) | "called \(.id) uid \(.uid) name \(.name)")),
	"inline \(.inline_bytes)",
	(.files.list[] | "file \(.location) \(.name) \(.bytes)")
)
| "\($path)\t\(.)"
