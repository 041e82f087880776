// SPDX-License-Identifier: GPL-2.0-or-later
/* `netns-pam check`: prints the errors and warnings of a policy. */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"

/* Return: an array of the errors, or of the warnings; NULL without memory. */
static json_t *notes_json(const struct policy_notes *notes, bool warnings)
{
	json_t *list = json_array();

	for (size_t n = 0; n < notes->n; n++) {
		const struct policy_note *note = &notes->items[n];

		if (note->warning == warnings)
			json_array_append_new(list,
					      json_pack("{s:o, s:i, s:o}",
							"file",
							json_text(note->file),
							"line", (int)note->line,
							"message",
							json_text(
								note->message)));
	}
	return list;
}

static int check_print_json(const char *path, int r,
			    const struct policy *policy,
			    const struct policy_notes *notes,
			    const struct error *err)
{
	json_t *root = json_pack("{s:o, s:b, s:o, s:o, s:o}", "policy",
				 json_text(path), "valid", r == 0, "errors",
				 notes_json(notes, false), "warnings",
				 notes_json(notes, true), "failure",
				 r < 0 && !notes->errors ? json_text(err->text)
							 : json_null());

	if (root && policy)
		json_object_update_new(root,
				       json_pack("{s:I, s:I, s:I}", "rules",
						 (json_int_t)policy->n_rules,
						 "namespaces",
						 (json_int_t)
							 policy->n_namespaces,
						 "networks",
						 (json_int_t)
							 policy->n_networks));
	r = json_print(root);
	json_decref(root);
	return r;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void check_print(const char *path, int r, const struct policy *policy,
			const struct policy_notes *notes,
			const struct error *err)
{
	size_t warnings = notes->n - notes->errors;

	ctl_print_notes(notes);
	if (r < 0 && !notes->errors) {
		ctl_fail("%s", err->text);
	} else if (r < 0) {
		ctl_fail("%s: %zu error%s; a policy with an error is not used",
			 path, notes->errors, plural(notes->errors));
	} else if (!policy->n_files) {
		printf("%s: there is no policy: no login is mapped\n", path);
	} else {
		printf("%s: valid: %zu rule%s, %zu namespace%s, %zu network%s, %zu warning%s\n",
		       path, policy->n_rules, plural(policy->n_rules),
		       policy->n_namespaces, plural(policy->n_namespaces),
		       policy->n_networks, plural(policy->n_networks), warnings,
		       plural(warnings));
	}
}

int ctl_check(const struct ctl *ctl, int argc, char **argv)
{
	struct policy_notes notes = {.n = 0};
	struct policy *policy = NULL;
	const char *path = argc ? argv[0] : ctl->config;
	struct error err = {.text = ""};
	int r, printed = 0;

	if (argc && access(path, F_OK) < 0)
		return ctl_fail("%s: %m", path);
	r = policy_load(path, &policy, &notes, &err);
	if (ctl->given['j'])
		printed = check_print_json(path, r, policy, &notes, &err);
	else
		check_print(path, r, policy, &notes, &err);
	policy_notes_clear(&notes);
	policy_free(policy);
	return ctl_printed(printed) == CTL_YES && r >= 0 ? CTL_YES : CTL_NO;
}
