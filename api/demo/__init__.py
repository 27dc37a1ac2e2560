"""The demo: a day of a telephone company's calls, played over real HTTP and then checked.

Nothing here is used by anything else; it knows the product only as its two customers do,
by Twilio's callbacks going in and the dashboards' API coming out.
"""
