"""The simulated brain: stimuli, responses and choices made by the program from a seed; the truth is known.

bits -> objects -> painting -> scenes: the stimuli. gabor (V1), texture (V2), contour (V4), identity (IT) ->
regions -> noise: the responses. regions -> observer: the choices. brain keeps what is made; reading hands
it out as Recordings.
"""
