"""The pages below ``/admin``: for those who look after the site, and for everybody else not there."""
