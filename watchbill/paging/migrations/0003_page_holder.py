"""Which process sends a page, where several share a database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paging", "0002_alert_where"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="holder",
            field=models.BigIntegerField(db_default=0),
        ),
    ]
