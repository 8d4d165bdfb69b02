"""The site, the feeds and the provider's hooks, served by aiohttp."""
