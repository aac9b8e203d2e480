"""Looking into footage, only ever inside the decoder jail: probes, thumbnails, renditions, clips."""
