"""Looking back: goals, badges, metrics, questionnaires and tool trials, each figure with the rows behind it."""
