/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The errors of the API: stable code, HTTP status and jmhactl's exit code in one table (DESIGN
 * section 8).  Pure; knows nothing else of the daemon.
 */
#pragma once

enum api_error {
	API_OK,
	API_BAD_REQUEST,
	API_FORBIDDEN,
	API_NOT_FOUND,
	API_METHOD_NOT_ALLOWED,
	API_CONDITION_FAILED, /* with the present revision */
	API_NOT_LEADER,       /* with the leader's name */
	API_NOT_ELIGIBLE,
	API_UNSAFE,  /* "force" may */
	API_DAMAGED, /* the key is known, its value lost */
	API_FENCED,  /* Jmha-Epoch is not the current epoch: certainly not done */
	API_TOO_LARGE,
	API_EPOCH_REQUIRED,
	API_BUSY,
	API_INTERNAL,
	API_NO_LEADER,
	API_ABORTED, /* the leader changed */
	API_STORAGE_FAILED,
	API_NOT_READY,
	API_DISCONNECTED,
	API_OUTCOME_UNKNOWN,
	API_STORAGE_FULL,
	API_N_ERRORS_
};

/* The stable code, e.g. "not-leader"; "ok" for API_OK. */
const char *api_error_code(enum api_error error);

/* What to say when the backend has nothing better. */
const char *api_error_text(enum api_error error);

/* HTTP status, e.g. 409; 200 for API_OK. */
unsigned api_error_http(enum api_error error);

/* jmhactl's exit code. */
int api_error_exit(enum api_error error);

/* API_N_ERRORS_ when the code is unknown (a newer daemon's). */
enum api_error api_error_parse(const char *code);
