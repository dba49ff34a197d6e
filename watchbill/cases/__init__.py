"""The work: findings, reports and incidents, one life from open to verified, with decisions, acceptances and reviews."""
