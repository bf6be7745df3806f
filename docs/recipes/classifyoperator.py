"""An Airflow operator that classifies the records of a CSV file. It needs classifyclient.py beside it, and no other package.

    ClassifyOperator(task_id="classify", input_file="/data/series.csv", output_file="/data/results.jsonl", catalogue="world")

The run is named after the DAG run, so that a task that is tried again fetches what is done and pays nothing twice. In Dagster
the body of `execute` is the body of an op or asset.
"""
import json
import os

try:
    from airflow.sdk import BaseOperator
except ImportError:  # Airflow 2
    from airflow.models import BaseOperator

from classifyclient import ClassifyClient, read_csv


class ClassifyOperator(BaseOperator):
    template_fields = ("input_file", "output_file", "catalogue", "codebook")

    def __init__(self, *, input_file, output_file, catalogue="default", codebook="economic-indicators", url=None, **more):
        super().__init__(**more)
        self.input_file = input_file
        self.output_file = output_file
        self.catalogue = catalogue
        self.codebook = codebook
        self.url = url

    def execute(self, context):
        run = "".join(c if c.isascii() and (c.isalnum() or c in "._:-") else "-" for c in str(context["run_id"]))[:100]
        counts = {}
        unfinished = self.output_file + ".part"
        with open(self.input_file, encoding="utf-8-sig", newline="") as lines, open(unfinished, "w", encoding="utf-8") as out:
            client = ClassifyClient(self.url)
            for result in client.classify(read_csv(lines), run, catalogue=self.catalogue, codebook=self.codebook):
                out.write(json.dumps(result, ensure_ascii=False) + "\n")
                counts[result["status"]] = counts.get(result["status"], 0) + 1
        os.replace(unfinished, self.output_file)
        self.log.info("run %s: %s", run, counts)
        return {"run": run, **counts}
