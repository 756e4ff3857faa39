"""How good the answers are, on a library whose photos are labelled.

`dataset` reads the cluster and `labels` says what photos show. `retrieval` judges text to photo, `naming`
photo to peak, by the clues of `samples` and the `metrics`. `fitting` and `calibration` measure the rule that
`loader.peaks.identification` names peaks by. `measurements` gathers what was found, and `reports` writes it.
"""
