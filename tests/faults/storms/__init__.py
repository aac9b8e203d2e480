"""A shift change in bad weather, over and over: cameras and docks send while everything that can break does.

A run is made of its seed. `population` says who docks what; `storm` starts them, breaks things at random, lets the
weather pass, and asks the `judge`. `site` is the installation, kept up between runs; its processes are forked by a
`nursery` that has loaded everything already, so that killing one costs milliseconds. `proxy` is the network between
sender and door, `control` the disk below it, `plants` break the product on purpose, so that the judge can be seen to
see.
"""
