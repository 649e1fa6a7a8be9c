"""Learning-rate schedules, one per file; `chainrule.optim.lr_scheduler` has them all."""
