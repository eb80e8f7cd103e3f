-- Asks for the address, over and over.
wrk.method = "GET"
