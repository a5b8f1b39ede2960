"""The one way out of the vocabulary."""

import pytest

pytestmark = pytest.mark.helm

MAP = """
extraObjects:
  pdb:
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: "{{ .Release.Name }}-pdb", namespace: "{{ .Release.Namespace }}"}
    spec: {minAvailable: 1}
"""
TEXT = """
extraObjects:
  pdb: |
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: {{ .Chart.Name }}, namespace: {{ .Release.Namespace }}}
    spec: {minAvailable: 1}
"""


def test_a_map_is_an_object_in_which_values_may_be_named(render):
    made = render(MAP).one("PodDisruptionBudget")

    assert (made.name, made.namespace, made.at("spec")) == ("home-pdb", "apps", {"minAvailable": 1})


def test_a_map_gets_the_recommended_labels_besides_its_own(render):
    made = render(MAP.replace("metadata: {", "metadata: {labels: {app.kubernetes.io/part-of: other, own: label}, "))

    labels = made.one("PodDisruptionBudget").labels
    assert labels["app.kubernetes.io/name"] == "demo"
    assert (labels["app.kubernetes.io/part-of"], labels["own"]) == ("other", "label")


def test_a_text_is_an_object_too(render):
    assert render(TEXT).one("PodDisruptionBudget").name == "demo"


def test_it_can_be_switched_off_and_does_not_show_the_switch(render):
    assert render(MAP + "    enabled: false\n").of("PodDisruptionBudget") == []
    assert "enabled" not in render(MAP + "    enabled: true\n").one("PodDisruptionBudget").data


def test_null_takes_it_away(render):
    assert render("extraObjects: {pdb: null}").of("PodDisruptionBudget") == []
