#!/usr/bin/env python3
"""A client of the classify service in one file that needs nothing but Python 3.9: import it, or run it.

    python3 classifyclient.py series.csv --catalogue world > results.jsonl

Reads a CSV file with a header (indicator_id, name, units ...; - is standard input), submits it in batches, and writes one
result a line as JSON. RESTATE_INGRESS_URL names the ingress (http://127.0.0.1:8080 by default), API_TOKEN the token that the
guard asks for. A run that was interrupted is begun again with the same --run and pays nothing twice.
"""
import argparse
import csv
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

BATCH = 100  # the service takes no larger batch
PATIENCE_S = 120  # for so long no node may answer
BUSY = (408, 429, 502, 503, 504)


class ClassifyError(Exception):
    """A call that was refused. `status` is the HTTP status, 0 where no node answered; the message begins with a code."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class ClassifyClient:
    def __init__(self, url=None, token=None):
        self.url = (url or os.environ.get("RESTATE_INGRESS_URL") or "http://127.0.0.1:8080").rstrip("/")
        self.token = token or os.environ.get("API_TOKEN")

    def submit(self, indicators, key, run=None, **more):
        """Hands a batch over and gives the name of its invocation, the same one for the same key. The work is done also where
        this program ends."""
        body = {"indicators": indicators, **more}
        if run is not None:
            body["run_id"] = run
        return self._call("POST", "/classify-api/batch/send", body, key)["invocationId"]

    def wait(self, invocation):
        """Waits for the answer of a batch: {"run_id", "results", "summary"}."""
        return self._call("GET", "/restate/invocation/" + invocation + "/attach")

    def ask(self, handler, body=None):
        """Calls another handler: status, estimate, evidence, budget, codebook."""
        return self._call("POST", "/classify-api/" + handler, {} if body is None else body)

    def classify(self, records, run, window=4, **more):
        """Classifies any number of records, `window` batches at a time, and yields their results in order."""
        waiting = []
        for batch in _batches(records):
            text = json.dumps([batch, more], sort_keys=True)
            key = "%s-%s" % (run, hashlib.sha256(text.encode()).hexdigest()[:32])
            waiting.append(self.submit(batch, key, run, **more))
            if len(waiting) == window:
                yield from self.wait(waiting.pop(0))["results"]
        for invocation in waiting:
            yield from self.wait(invocation)["results"]

    def _call(self, method, path, body=None, key=None):
        headers = {"content-type": "application/json"} if body is not None else {}
        if key is not None:
            headers["idempotency-key"] = key
        if self.token:
            headers["authorization"] = "Bearer " + self.token
        data = None if body is None else json.dumps(body).encode()
        gives_up_at = time.monotonic() + PATIENCE_S
        while True:
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            sent_at = time.monotonic()
            try:
                with urllib.request.urlopen(request) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                text = error.read().decode("utf-8", "replace")
                # What the handler itself has answered is its last word.
                if error.headers.get("x-restate-error-source") == "invocation" or error.code not in BUSY:
                    raise ClassifyError(error.code, _message(text)) from None
                failed, pause = ClassifyError(error.code, _message(text)), float(error.headers.get("retry-after") or 1)
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                failed, pause = ClassifyError(0, "%s gives no answer: %s" % (self.url, error)), 1.0
            if time.monotonic() - sent_at > 10:  # the node was there and kept the connection
                gives_up_at = time.monotonic() + PATIENCE_S
            if time.monotonic() + pause > gives_up_at:
                raise failed
            time.sleep(pause)


def _message(text):
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:300]


def _batches(records):
    batch = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def read_csv(lines):
    """The records of a CSV file. Cells without text are left out; sample_values may hold JSON as it stands in its cell."""
    for row in csv.DictReader(lines):
        yield {field: cell for field, cell in row.items() if field and isinstance(cell, str) and cell.strip()}


def main():
    parser = argparse.ArgumentParser(description="Classifies the records of a CSV file.")
    parser.add_argument("file", help="a CSV file with a header, or - for standard input")
    parser.add_argument("--run", default=time.strftime("python-%Y%m%d-%H%M%S"), help="the name of the run")
    parser.add_argument("--catalogue", default="default")
    parser.add_argument("--codebook", default="economic-indicators")
    parser.add_argument("--mode", default="hybrid", choices=["hybrid", "model", "rules"])
    given = parser.parse_args()
    source = sys.stdin if given.file == "-" else open(given.file, encoding="utf-8-sig", newline="")
    where = {"catalogue": given.catalogue, "codebook": given.codebook, "options": {"mode": given.mode}}
    try:
        with source:
            for result in ClassifyClient().classify(read_csv(source), given.run, **where):
                print(json.dumps(result, ensure_ascii=False))
    except ClassifyError as error:
        sys.exit("run %s: %s" % (given.run, error))


if __name__ == "__main__":
    main()
