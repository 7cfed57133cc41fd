"""Where does it run, and where is it kept? Settings, Ray, storage."""
